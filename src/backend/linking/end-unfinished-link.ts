import type { SessionId } from '../../contract/ids.js'
import type { LinkPhase } from '../../contract/linking.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import type { EventLog } from '../events/event-log.js'
import { eraseSecrets, laneSummary } from '../outbox/outbox-store.js'
import { setSessionState } from '../sessions/set-session-state.js'
import { moveAttempt } from './attempts-store.js'
import type { LinkReason } from './link-reasons.js'

/**
 * Ends the link of a session that will not go on, in the transaction that decides so: the visitor is told, the string is not kept for sending.
 * Nothing happens for a session whose link has finished; the answer says whether something did.
 */
export async function endUnfinishedLink(
  events: EventLog,
  tx: TenantTransactor,
  sessionId: SessionId,
  { phase, reason }: { phase: Extract<LinkPhase, 'cancelled' | 'failed'>; reason: LinkReason },
): Promise<boolean> {
  if (!(await moveAttempt(tx, sessionId, phase, reason))) return false
  await eraseSecrets(tx, sessionId)
  await events.append(tx, { event: 'link_ended', data: { sessionId, phase, reason } })
  return true
}

/**
 * A session comes to rest while its messages are on their way. Replaced by another client of the same device, it was taken over already:
 * whoever did that has read message 1. Anything else ends the link.
 */
export async function endLinkAtRest(
  events: EventLog,
  tx: TenantTransactor,
  sessionId: SessionId,
  reason: string,
): Promise<void> {
  const { sent } = await laneSummary(tx, sessionId)
  if (reason !== 'replaced' || sent === 0) {
    await endUnfinishedLink(events, tx, sessionId, { phase: 'failed', reason: linkReasonOfRest(reason) })
    return
  }
  if (!(await moveAttempt(tx, sessionId, 'complete', 'delivery_unconfirmed'))) return
  await eraseSecrets(tx, sessionId)
  await setSessionState(events, tx, sessionId, { state: 'handed_off', reason: 'delivery_unconfirmed' })
  await events.append(tx, { event: 'complete', data: { sessionId, message: 'Setup complete!' } })
}

/** What the end of a session's connection means to somebody who is still linking. */
function linkReasonOfRest(reason: string): LinkReason {
  if (reason === 'logged_out' || reason === 'revoked') return 'unlinked_early'
  return reason === 'storage_damaged' ? 'storage_error' : 'account_refused'
}
