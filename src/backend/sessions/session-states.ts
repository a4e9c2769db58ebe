import type { SessionId } from '../../contract/ids.js'
import type { SessionState } from '../../contract/sessions.js'
import type { Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import type { EventLog } from '../events/event-log.js'
import { assertFence } from '../leases/fence.js'
import { endLease } from '../leases/session-leases.js'
import { eraseSecrets } from '../outbox/outbox-store.js'
import type { SessionIdentity } from './session-identity.js'
import type { SessionReason } from './session-reasons.js'
import { botStillRuns, returnToBot, setSessionState } from './sessions-store.js'

export type RestingState = Extract<SessionState, 'disconnected' | 'logged_out' | 'banned'>

/** What else changes, in the same transaction, when a session comes to rest. */
export type OnResting = (tx: TenantTransactor, sessionId: SessionId, reason: SessionReason) => Promise<unknown>

/** Every change of a session's shown state, each with its event in one fenced transaction. Safe to repeat. */
export interface SessionStates {
  connected(identity: SessionIdentity): Promise<void>
  reconnecting(identity: SessionIdentity): Promise<void>
  /** Nothing runs until somebody acts; the lease ends. */
  resting(identity: SessionIdentity, state: RestingState, reason: SessionReason): Promise<void>
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

  return {
    connected: identity =>
      change(identity, async tx => {
        const { sessionId } = identity
        if (!(await setSessionState(tx, sessionId, 'connected'))) return
        await events.append(tx, { event: 'connection_success', data: { sessionId, status: 'connected' } })
      }),
    reconnecting: identity =>
      change(identity, async tx => {
        const { sessionId } = identity
        if (!(await setSessionState(tx, sessionId, 'reconnecting', 'connection_lost'))) return
        const data = { sessionId, status: 'disconnected', reason: 'connection_lost' } as const
        await events.append(tx, { event: 'connection_lost', data })
      }),
    resting: (identity, state, reason) =>
      change(identity, async tx => {
        const { sessionId } = identity
        await endLease(tx, sessionId)
        await onResting(tx, sessionId, reason)
        await eraseSecrets(tx, sessionId)
        const returned = reason === 'replaced' && (await returnToBot(tx, sessionId))
        if (!returned && !(await setSessionState(tx, sessionId, state, reason))) return
        const data = { sessionId, status: 'disconnected', reason: returned ? botStillRuns : reason } as const
        await events.append(tx, { event: 'connection_lost', data })
      }),
  }
}
