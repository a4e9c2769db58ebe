import { sql } from 'kysely'
import type { SessionId } from '../../contract/ids.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import { audit } from '../audit/audit.js'
import { ringBell, revokeLease } from '../leases/session-leases.js'
import { unfinishedAttempt } from '../linking/attempts-reading.js'
import { dropNotices, eraseSecrets } from '../outbox/outbox-store.js'
import { setSessionState } from '../sessions/set-session-state.js'
import { requireOwnSession, type CommandDeps, type CommandScope } from './command-scope.js'
import { linkUnderWay, notOurs, stillRestricted } from './command-errors.js'
import { isRestricted, type LockedSession } from './locked-session.js'
import { connectAnew, takeUp } from './take-up.js'
import { withdrawEarlier } from './withdraw.js'

const byBot = { mode: 'handed_off', taken_back_at: null } as const

/**
 * Leaves a session to a bot: closes it without logging out. With `deliverSessionId` the account is sent its session ID first, for which a
 * session that rests is connected; the hand-off then is done by whoever runs it, see `finish-hand-off.ts`.
 * @throws GatewayError `session_not_found`, `forbidden`, `session_state`
 */
export async function handOffSession(
  deps: CommandDeps,
  scope: CommandScope,
  { sessionId, deliverSessionId }: { sessionId: SessionId; deliverSessionId: boolean },
): Promise<void> {
  const identity = await deps.tenants.transact(scope, async tx => {
    const session = await requireOwnSession(tx, sessionId)
    if (session.state === 'handed_off' && !deliverSessionId) return null
    const refusal = notOurs(session)
    if (refusal !== null) throw refusal
    if ((await unfinishedAttempt(tx, sessionId)) !== null) throw linkUnderWay()
    if (deliverSessionId && isRestricted(session)) throw stillRestricted(session.until)
    if (session.handOffAsked && deliverSessionId) return null
    await audit(tx, { action: 'session.hand_off', target: sessionId, detail: { deliver: deliverSessionId } })
    await withdrawEarlier(tx, sessionId)
    return deliverSessionId ? beginDelivery(deps, tx, session) : leave(deps, tx, session)
  })
  if (identity !== null) deps.sessions.resume(identity, 'owner_waits')
}

async function leave({ events }: CommandDeps, tx: TenantTransactor, session: LockedSession): Promise<null> {
  const { sessionId } = session
  await revokeLease(tx, sessionId)
  await dropNotices(tx, sessionId)
  await eraseSecrets(tx, sessionId)
  await setSessionState(events, tx, sessionId, { state: 'handed_off', reason: 'given_away', also: byBot })
  await events.wake(tx, session.nodeId)
  return null
}

/** The string is made on a connection of its own, of what the session knows then. */
async function beginDelivery(deps: CommandDeps, tx: TenantTransactor, session: LockedSession) {
  const { sessionId } = session
  await tx.db
    .updateTable('sessions')
    .set({ hand_off_at: sql<Date>`clock_timestamp()` })
    .where('id', '=', sessionId)
    .execute()
  if (!session.runs) return takeUp(deps, tx, session, { reason: 'handing_off' })
  await ringBell(tx, sessionId)
  await connectAnew(deps, tx, session, { reason: 'handing_off' })
  return null
}
