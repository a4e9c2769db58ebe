import type { SessionId } from '../../contract/ids.js'
import type { LinkPhase } from '../../contract/linking.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import type { EventLog } from '../events/event-log.js'
import { eraseSecrets } from '../outbox/outbox-store.js'
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

/** What the end of a session's connection means to somebody who is still linking. */
export function linkReasonOfRest(reason: string): LinkReason {
  if (reason === 'logged_out') return 'unlinked_early'
  return reason === 'storage_damaged' ? 'storage_error' : 'account_refused'
}
