import type { SessionId, WorkspaceId } from '../../contract/ids.js'
import type { Tenants } from '../database/tenant-transaction.js'
import type { EventLog } from '../events/event-log.js'
import { endLease, revokeLease } from '../leases/session-leases.js'
import type { Sessions } from '../sessions/sessions.js'
import { setSessionState } from '../sessions/sessions-store.js'
import { endUnfinishedLink } from './end-unfinished-link.js'

export type CancelPromotedDeps = { tenants: Tenants; events: EventLog; sessions: Sessions }

/**
 * Cancels a link whose phone has accepted and whose messages are on their way: nothing more is sent, the device is taken off the account.
 * A link that finished in the meantime stays finished.
 */
export async function cancelPromoted(
  { tenants, events, sessions }: CancelPromotedDeps,
  { workspaceId, sessionId }: { workspaceId: WorkspaceId; sessionId: SessionId },
): Promise<void> {
  const cancelled = await tenants.transact({ workspaceId }, async tx => {
    if (!(await endUnfinishedLink(events, tx, sessionId, { phase: 'cancelled', reason: 'cancelled_late' })))
      return false
    await setSessionState(tx, sessionId, 'logged_out', 'cancelled')
    await endLease(tx, sessionId)
    return true
  })
  if (!cancelled || (await sessions.logout(sessionId))) return
  // it runs on another node: that one is fenced and falls silent, the phone has to remove the device
  await tenants.transact({ workspaceId }, tx => revokeLease(tx, sessionId))
}
