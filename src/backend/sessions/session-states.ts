import type { SessionId } from '../../contract/ids.js'
import type { SessionState } from '../../contract/sessions.js'
import type { Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import type { EventLog } from '../events/event-log.js'
import { assertFence } from '../leases/fence.js'
import { endLease, ownedEpoch } from '../leases/session-leases.js'
import { eraseSecrets } from '../outbox/outbox-store.js'
import type { SessionIdentity } from './session-identity.js'
import type { SessionReason } from './session-reasons.js'
import { noteSign, type SessionSign } from './session-signs.js'
import { returnToBot, sessionState } from './sessions-store.js'
import { setSessionState } from './set-session-state.js'

export type RestingState = Extract<SessionState, 'disconnected' | 'logged_out' | 'banned'>

/** What else changes, in the same transaction, when a session comes to rest. */
export type OnResting = (tx: TenantTransactor, sessionId: SessionId, reason: SessionReason) => Promise<unknown>

/** What becomes of a session on this node, each change in one fenced transaction with its events. Safe to repeat. */
export interface SessionStates {
  /** What was stored last for a session that runs here; `undefined`: nothing yet. */
  shown(sessionId: SessionId): SessionState | undefined
  /** The session runs here no more. */
  forget(sessionId: SessionId): void
  /** This node begins to run the session. One that was being reconnected still is: how long it has been away goes on counting. */
  connecting(identity: SessionIdentity): Promise<void>
  connected(identity: SessionIdentity): Promise<void>
  reconnecting(identity: SessionIdentity, reason?: SessionReason): Promise<void>
  /** What its connection tells of it meanwhile. */
  noted(identity: SessionIdentity, sign: SessionSign): Promise<void>
  /** Nothing runs until somebody acts; the lease ends. */
  resting(identity: SessionIdentity, state: RestingState, reason: SessionReason, until?: Date | null): Promise<void>
}

export type SessionStatesDeps = { tenants: Tenants; events: EventLog; onResting: OnResting }

export function createSessionStates({ tenants, events, onResting }: SessionStatesDeps): SessionStates {
  const change = (
    { workspaceId, sessionId, fence }: SessionIdentity,
    work: (tx: TenantTransactor) => Promise<unknown>,
  ) =>
    tenants.transact({ workspaceId }, async tx => {
      await assertFence(tx, sessionId, fence)
      await work(tx)
    })

  /** Somebody who let the session rest meanwhile is not contradicted by what its socket does last. */
  const whileWanted = (identity: SessionIdentity, work: (tx: TenantTransactor) => Promise<unknown>) =>
    change(identity, async tx => {
      const epoch = await ownedEpoch(tx, identity.sessionId, identity.fence.nodeId)
      if (epoch === identity.fence.epoch) await work(tx)
    })

  const shown = new Map<SessionId, SessionState>()
  const move = async (identity: SessionIdentity, state: SessionState, reason: SessionReason | null) => {
    await whileWanted(identity, tx => setSessionState(events, tx, identity.sessionId, { state, reason }))
    shown.set(identity.sessionId, state)
  }

  return {
    shown: sessionId => shown.get(sessionId),
    forget: sessionId => void shown.delete(sessionId),
    connecting: identity =>
      whileWanted(identity, async tx => {
        const { sessionId } = identity
        if ((await sessionState(tx, sessionId)) !== 'connected') return
        await setSessionState(events, tx, sessionId, { state: 'connecting', reason: 'starting' })
      }),
    connected: identity => move(identity, 'connected', null),
    reconnecting: (identity, reason = 'connection_lost') => move(identity, 'reconnecting', reason),
    noted: (identity, sign) => change(identity, tx => noteSign(events, tx, identity.sessionId, sign)),
    resting: (identity, state, reason, until = null) =>
      change(identity, async tx => {
        const { sessionId } = identity
        await endLease(tx, sessionId)
        await onResting(tx, sessionId, reason)
        await eraseSecrets(tx, sessionId)
        if (reason === 'replaced' && (await returnToBot(events, tx, sessionId))) return
        await setSessionState(events, tx, sessionId, { state, reason, until })
      }),
  }
}
