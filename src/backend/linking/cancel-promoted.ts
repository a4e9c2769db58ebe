import type { SessionId, WorkspaceId } from '../../contract/ids.js'
import type { Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import type { EventLog } from '../events/event-log.js'
import { endLease } from '../leases/session-leases.js'
import { dropNotices } from '../outbox/outbox-store.js'
import type { Sessions } from '../sessions/sessions.js'
import { setSessionState } from '../sessions/set-session-state.js'
import { endUnfinishedLink } from './end-unfinished-link.js'
import { queueRevoke, type RevokeDeps } from './revoke.js'

export type CancelPromotedDeps = RevokeDeps & { tenants: Tenants; events: EventLog; sessions: Sessions }

/**
 * Cancels a link whose phone has accepted and whose messages are on their way: nothing more of them is sent, the device is taken off the
 * account, at once where the session runs here. Any other node, the next owner after a crash included, says goodbye and does the same.
 * A link that finished in the meantime stays finished.
 */
export async function cancelPromoted(
  deps: CancelPromotedDeps,
  { workspaceId, sessionId }: { workspaceId: WorkspaceId; sessionId: SessionId },
): Promise<void> {
  const { tenants, events, sessions } = deps
  const runsHere = sessions.has(sessionId)
  const cancelled = await tenants.transact({ workspaceId }, async tx => {
    if (!(await endUnfinishedLink(events, tx, sessionId, { phase: 'cancelled', reason: 'cancelled_late' })))
      return false
    if (runsHere) {
      await setSessionState(events, tx, sessionId, { state: 'logged_out', reason: 'cancelled' })
      await endLease(tx, sessionId)
    } else {
      await dropNotices(tx, sessionId)
      await queueRevoke(deps, tx, { sessionId, phoneNumber: await phoneNumberOf(tx, sessionId) })
    }
    return true
  })
  if (cancelled && runsHere) await sessions.logout(sessionId)
}

async function phoneNumberOf(tx: TenantTransactor, sessionId: SessionId): Promise<string> {
  const row = tx.db.selectFrom('sessions').select('phone_number').where('id', '=', sessionId)
  return (await row.executeTakeFirstOrThrow()).phone_number
}
