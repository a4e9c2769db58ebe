import type { LinkMode } from '../../contract/linking.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import { recycleLease, reopenLease } from '../leases/session-leases.js'
import { dropFarewells, eraseSecrets } from '../outbox/outbox-store.js'
import type { SessionIdentity } from '../sessions/session-identity.js'
import type { SessionReason } from '../sessions/session-reasons.js'
import { setSessionState } from '../sessions/set-session-state.js'
import type { CommandDeps } from './command-scope.js'
import type { LockedSession } from './locked-session.js'

type Connecting = { reason: SessionReason; mode?: LinkMode }

/**
 * Has a session connect that nobody runs: here, under a new epoch.
 * @returns what to give to `Sessions.resume` once the transaction has committed. Should that not come about, recovery finds it.
 */
export async function takeUp(
  { events, vault, nodeId }: CommandDeps,
  tx: TenantTransactor,
  { sessionId }: LockedSession,
  { reason, mode }: Connecting,
): Promise<SessionIdentity> {
  const { workspaceId } = tx.scope
  const fence = await reopenLease(tx, sessionId, nodeId)
  const sealer = await vault.sealer(tx, { workspaceId, sessionId })
  await setSessionState(events, tx, sessionId, { state: 'connecting', reason, ...(mode && { also: { mode } }) })
  return { workspaceId, sessionId, fence, sealer }
}

/** Has the node that runs a session connect it anew at once, whatever it waits for. */
export async function connectAnew(
  { events }: CommandDeps,
  tx: TenantTransactor,
  { sessionId, nodeId }: LockedSession,
  { reason }: Connecting,
): Promise<void> {
  await recycleLease(tx, sessionId)
  await setSessionState(events, tx, sessionId, { state: 'connecting', reason })
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
