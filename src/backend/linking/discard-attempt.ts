import type { SessionId, WorkspaceId } from '../../contract/ids.js'
import type { LinkPhase } from '../../contract/linking.js'
import type { Tenants } from '../database/tenant-transaction.js'
import type { EventLog } from '../events/event-log.js'
import { assertFence, type Fence } from '../leases/fence.js'
import { removeLease } from '../leases/session-leases.js'
import { sessionExists } from '../sessions/sessions-store.js'
import type { Vault } from '../vault/vault.js'
import { moveAttempt } from './attempts-store.js'
import type { LinkReason } from './link-reasons.js'

export type DiscardAttemptDeps = { tenants: Tenants; events: EventLog; vault: Vault }

export type DiscardAttemptInput = {
  workspaceId: WorkspaceId
  sessionId: SessionId
  fence: Fence
  phase: Extract<LinkPhase, 'expired' | 'cancelled' | 'failed'>
  reason: LinkReason
}

/**
 * Ends an attempt that never became a session and throws everything of it away, the key that sealed it included:
 * what backups still hold of its credentials can never be opened again.
 */
export async function discardAttempt(
  { tenants, events, vault }: DiscardAttemptDeps,
  input: DiscardAttemptInput,
): Promise<void> {
  const { workspaceId, sessionId, fence, phase, reason } = input
  await tenants.transact({ workspaceId }, async tx => {
    await assertFence(tx, sessionId, fence)
    // an end that the phase does not know (an expiry after the scan) is a failure all the same
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
  })
}
