import type { SessionId } from '../../contract/ids.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import { audit } from '../audit/audit.js'
import { ringBell } from '../leases/session-leases.js'
import { endUnfinishedLink } from '../linking/end-unfinished-link.js'
import { queueRevoke } from '../linking/revoke.js'
import { dropNotices } from '../outbox/outbox-store.js'
import type { SessionIdentity } from '../sessions/session-identity.js'
import { awaitState } from './await-state.js'
import { requireOwnSession, type CommandDeps, type CommandScope } from './command-scope.js'
import { cannotLeave } from './command-errors.js'
import type { LockedSession } from './locked-session.js'
import { connectAnew, takeUp } from './take-up.js'
import { withdrawHandOff } from './withdraw.js'

/**
 * Takes a session's device off the account; one that rests is connected for it. Waits some seconds for that. When WhatsApp cannot be reached
 * it is done as soon as it can, on whichever node, and the session shows its state of the moment until then. A restriction is waited for.
 * @throws GatewayError `session_not_found`, `forbidden`, `session_state`
 */
export async function logOutSession(deps: CommandDeps, scope: CommandScope, sessionId: SessionId): Promise<void> {
  const identity = await deps.tenants.transact(scope, async tx => {
    const session = await requireOwnSession(tx, sessionId)
    if (session.state === 'logged_out') return null
    const refusal = cannotLeave(session)
    if (refusal !== null) throw refusal
    await audit(tx, { action: 'session.logout', target: sessionId })
    return beginLogOut(deps, tx, session)
  })
  if (identity !== null) deps.sessions.resume(identity, 'owner_waits')
  await awaitState(deps, scope, sessionId, ['logged_out'])
}

/** Everything that a log-out needs, in the caller's transaction. @returns what to resume after its commit, where nobody runs the session yet */
export async function beginLogOut(
  deps: CommandDeps,
  tx: TenantTransactor,
  session: LockedSession,
): Promise<SessionIdentity | null> {
  const { sessionId } = session
  const { events } = deps
  await endUnfinishedLink(events, tx, sessionId, { phase: 'cancelled', reason: 'cancelled_late' })
  // what waits to be said is not worth holding up the goodbye
  await dropNotices(tx, sessionId)
  await withdrawHandOff(tx, sessionId)
  await queueRevoke(deps, tx, session)
  if (!session.runs) return takeUp(deps, tx, session, { reason: 'logging_out' })
  await ringBell(tx, sessionId)
  // not one that waits minutes for its next try, or that was about to leave
  if (session.state === 'reconnecting' || session.state === 'disconnected' || session.handOffAsked)
    await connectAnew(deps, tx, session, { reason: 'logging_out' })
  else await events.wake(tx, session.nodeId)
  return null
}
