import { z } from 'zod'

/**
 * `GET /health` (product contract S8). `sessions` counts those connected on this node. `degraded`: the database is away, this node has lost
 * its lease, or WhatsApp refuses the client; what is connected stays so as far as it can.
 */
export const Health = z.strictObject({
  status: z.enum(['healthy', 'degraded']),
  timestamp: z.iso.datetime(),
  sessions: z.number().int().nonnegative(),
  websocketClients: z.number().int().nonnegative(),
})
export type Health = z.infer<typeof Health>
