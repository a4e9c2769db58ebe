import type { LinkMode } from '../../contract/linking.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import { nobodysId, recycleLease, reopenLease } from '../leases/session-leases.js'
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
