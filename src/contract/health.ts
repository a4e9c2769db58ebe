import { z } from 'zod'

/**
 * Why a node is degraded: the database does not answer; it is not sure of its lease, or another process has its name and so its lease;
 * WhatsApp refuses the version of the client.
 */
export const HealthReason = z.enum(['database', 'lease', 'node_replaced', 'engine_outdated'])
export type HealthReason = z.infer<typeof HealthReason>

/**
 * `GET /health` (product contract S8). `sessions` counts those connected on this node. What is connected stays so while it is
 * `degraded`, as far as it can; `reasons` is empty while it is `healthy`.
 */
export const Health = z.strictObject({
  status: z.enum(['healthy', 'degraded']),
  reasons: z.array(HealthReason),
  timestamp: z.iso.datetime(),
  sessions: z.number().int().nonnegative(),
  websocketClients: z.number().int().nonnegative(),
})
export type Health = z.infer<typeof Health>

/** For whoever operates a process whose name another one has taken: `node_replaced`. */
export const ownNameHint = 'Stop it, or give it a NODE_NAME of its own and start it again.'
