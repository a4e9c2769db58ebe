import type { LinkMode } from '../../contract/linking.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import { nobodysId, recycleLease, reopenLease } from '../leases/session-leases.js'
import { dropFarewells, eraseSecrets } from '../outbox/outbox-store.js'
import type { SessionIdentity } from '../sessions/session-identity.js'
import type { SessionReason } from '../sessions/session-reasons.js'
import { setSessionState } from '../sessions/set-session-state.js'
import type { CommandDeps } from './command-scope.js'
import { isRestricted, type LockedSession } from './locked-session.js'

type Connecting = { reason: SessionReason; mode?: LinkMode }

/**
 * Has a session connect that nobody runs, under a new epoch: here, or wherever there is a node that takes it. A restriction stays what is
 * shown, with its end: whoever runs the session reads there for how long to wait.
 * @returns what to give to `Sessions.resume` once the transaction has committed (should that not come about, recovery finds it); null: a
 * node that takes what nobody has is woken
 */
export async function takeUp(
  { events, vault, nodeId, takesSessions }: CommandDeps,
  tx: TenantTransactor,
  session: LockedSession,
  { reason, mode }: Connecting,
): Promise<SessionIdentity | null> {
  const { workspaceId } = tx.scope
  const { sessionId } = session
  const owner = takesSessions() ? nodeId : nobodysId
  const fence = await reopenLease(tx, sessionId, owner)
  if (!isRestricted(session))
    await setSessionState(events, tx, sessionId, { state: 'connecting', reason, ...(mode && { also: { mode } }) })
  if (owner !== nodeId) {
    await events.wake(tx, owner)
    return null
  }
  return { workspaceId, sessionId, fence, sealer: await vault.sealer(tx, { workspaceId, sessionId }) }
}

/** Has the node that runs a session connect it anew at once, whatever it waits for but the end of a restriction, which stays shown. */
export async function connectAnew(
  { events }: CommandDeps,
  tx: TenantTransactor,
  session: LockedSession,
  { reason }: Connecting,
): Promise<void> {
  const { sessionId, nodeId } = session
  await recycleLease(tx, sessionId)
  if (!isRestricted(session)) await setSessionState(events, tx, sessionId, { state: 'connecting', reason })
  await events.wake(tx, nodeId)
}

/** Takes back what an earlier command has asked for and what has not been done yet: the last one counts. */
export async function withdrawEarlier(tx: TenantTransactor, session: LockedSession): Promise<void> {
  await dropFarewells(tx, session.sessionId)
  await withdrawHandOff(tx, session)
}

/** The same of a hand-off that has not been done yet; a session ID that was not sent by now is not sent. */
export async function withdrawHandOff(tx: TenantTransactor, { sessionId }: LockedSession): Promise<void> {
  const { numUpdatedRows } = await tx.db
    .updateTable('sessions')
    .set({ hand_off_at: null })
    .where('id', '=', sessionId)
    .where('hand_off_at', 'is not', null)
    .executeTakeFirst()
  if (numUpdatedRows > 0n) await eraseSecrets(tx, sessionId)
}
