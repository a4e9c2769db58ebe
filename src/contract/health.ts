import { z } from 'zod'

/** `GET /health` (product contract S8). `sessions` counts those connected on this node. */
export const Health = z.strictObject({
  status: z.enum(['healthy', 'degraded']),
  timestamp: z.iso.datetime(),
  sessions: z.number().int().nonnegative(),
  websocketClients: z.number().int().nonnegative(),
})
export type Health = z.infer<typeof Health>
