import type { SessionId } from '../../contract/ids.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import './lease-tables.js'

/** The right to write a session's credentials: this node, under this epoch. */
export type Fence = { readonly nodeId: string; readonly epoch: bigint }

/** Another node has claimed the session meanwhile. Whoever gets this must fall silent. */
export class FencedError extends Error {
  override readonly name = 'FencedError'
  readonly code = 'fenced'

  constructor() {
    super('Another node runs this session now.')
  }
}

/**
 * Holds the lease for the rest of the transaction: a claim by another node waits for it, and a claim that came first is seen.
 * A weaker lock than `for share` would let a stale write commit. Call it before locking any other row of the session.
 * @returns whether the session is to run at all
 * @throws FencedError
 */
export async function assertFence(tx: TenantTransactor, sessionId: SessionId, fence: Fence): Promise<boolean> {
  const held = await tx.db
    .selectFrom('session_leases')
    .select('wanted')
    .where('session_id', '=', sessionId)
    .where('node_id', '=', fence.nodeId)
    .where('epoch', '=', fence.epoch.toString())
    .forShare()
    .executeTakeFirst()
  if (held === undefined) throw new FencedError()
  return held.wanted
}
