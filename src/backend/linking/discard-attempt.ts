import type { SessionId, WorkspaceId } from '../../contract/ids.js'
import type { LinkPhase } from '../../contract/linking.js'
import type { Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import type { EventLog } from '../events/event-log.js'
import { assertFence, type Fence } from '../leases/fence.js'
import { lockLease, removeLease, takeLease } from '../leases/session-leases.js'
import { sessionExists } from '../sessions/sessions-store.js'
import type { Vault } from '../vault/vault.js'
import { moveAttempt } from './attempts-store.js'
import type { LinkReason } from './link-reasons.js'

export type DiscardAttemptDeps = { tenants: Tenants; events: EventLog; vault: Vault }

export type DiscardAttemptInput = {
  workspaceId: WorkspaceId
  sessionId: SessionId
  phase: Extract<LinkPhase, 'expired' | 'cancelled' | 'failed'>
  reason: LinkReason
}

/**
 * Ends an attempt that never became a session and throws everything of it away, the key that sealed it included:
 * what backups still hold of its credentials can never be opened again.
 * @throws FencedError when another node has taken it
 */
export async function discardAttempt(
  deps: DiscardAttemptDeps,
  { fence, ...input }: DiscardAttemptInput & { fence: Fence },
): Promise<void> {
  await deps.tenants.transact({ workspaceId: input.workspaceId }, async tx => {
    await assertFence(tx, input.sessionId, fence)
    await discardStaged(deps, tx, input)
  })
}

/**
 * The same for an attempt that another node runs: its lease is taken away first, so that nothing it still does is stored,
 * the acceptance of a phone included.
 * @returns false when it has become a session: nothing was changed
 */
export async function discardForeignAttempt(
  deps: DiscardAttemptDeps,
  { nodeId, ...input }: DiscardAttemptInput & { nodeId: string },
): Promise<boolean> {
  return deps.tenants.transact({ workspaceId: input.workspaceId }, async tx => {
    // a promotion under way holds the lease: it is seen here once this lock is held
    await lockLease(tx, input.sessionId)
    if (await sessionExists(tx, input.sessionId)) return false
    if (!(await takeLease(tx, input.sessionId, nodeId))) return true
    const { node_id: owner } = await tx.db
      .selectFrom('link_attempts')
      .select('node_id')
      .where('session_id', '=', input.sessionId)
      .executeTakeFirstOrThrow()
    await discardStaged(deps, tx, input)
    await deps.events.wake(tx, owner)
    return true
  })
}

/** In the caller's transaction, which has locked the lease of the attempt. */
export async function discardStaged(
  { events, vault }: Omit<DiscardAttemptDeps, 'tenants'>,
  tx: TenantTransactor,
  { workspaceId, sessionId, phase, reason }: DiscardAttemptInput,
): Promise<void> {
  // an end that the phase does not know is a failure all the same
  const moved =
    (await moveAttempt(tx, sessionId, phase, reason)) || (await moveAttempt(tx, sessionId, 'failed', reason))
  if (!moved && (await sessionExists(tx, sessionId))) return
  await removeLease(tx, sessionId)
  if (!moved) return
  for (const table of ['session_credentials', 'signal_keys', 'inbound_journal', 'data_keys'] as const) {
    await tx.db.deleteFrom(table).where('session_id', '=', sessionId).execute()
  }
  await events.append(tx, { event: 'link_ended', data: { sessionId, phase, reason } })
  tx.onCommit(() => vault.forget({ workspaceId, sessionId }))
}
