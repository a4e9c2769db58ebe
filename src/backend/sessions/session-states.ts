import type { SessionId } from '../../contract/ids.js'
import type { SessionState } from '../../contract/sessions.js'
import type { TenantReader, Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import type { EventLog } from '../events/event-log.js'
import { assertFence } from '../leases/fence.js'
import { endLease, giveLease } from '../leases/session-leases.js'
import { eraseSecrets } from '../outbox/outbox-store.js'
import { settleEnded } from '../outbox/settle-ended.js'
import { quarantine } from './quarantine.js'
import type { RestingState } from './reaction.js'
import { keptDays } from './retention.js'
import type { OwnedSession, SessionIdentity } from './session-identity.js'
import { tellOwner } from './session-notices.js'
import type { SessionReason } from './session-reasons.js'
import { noteSign, type SessionSign } from './session-signs.js'
import { returnToBot, shownState, wasTakenBack, type ShownState } from './sessions-store.js'
import { setSessionState, type SessionChange } from './set-session-state.js'

/** What whoever makes sessions knows of them. */
export type SessionLinks = {
  /** What else changes, in the same transaction, when a session comes to rest. */
  onResting: (tx: TenantTransactor, sessionId: SessionId, reason: SessionReason) => Promise<unknown>
  /** Whether its link is not finished: then somebody may be given it just now. */
  isLinking: (tx: TenantReader, sessionId: SessionId) => Promise<boolean>
}

/** What becomes of a session on this node, each change in one fenced transaction with its events. Safe to repeat. */
export interface SessionStates {
  /** What was stored last for a session that runs here; `undefined`: nothing yet. */
  shown(sessionId: SessionId): SessionState | undefined
  /** The session runs here no more. */
  forget(sessionId: SessionId): void
  /**
   * This node begins to run the session: it is not connected, whatever is shown, and it may be long until its turn comes. One that was being
   * reconnected still is: how long it has been away goes on counting.
   * @returns what was shown until then
   * @throws FencedError when another node runs it
   */
  begun(identity: SessionIdentity): Promise<ShownState>
  /** Its turn has come. */
  connecting(identity: SessionIdentity): Promise<void>
  connected(identity: SessionIdentity): Promise<void>
  reconnecting(identity: SessionIdentity, reason?: SessionReason): Promise<void>
  /**
   * Has what is shown agree with whether there is a connection, if it does not.
   * @returns whether anything was changed
   */
  corrected(identity: SessionIdentity, isOpen: boolean): Promise<boolean>
  /** What its connection tells of it meanwhile. @returns whether it is called deaf that was not before, on whichever node */
  noted(identity: SessionIdentity, sign: SessionSign): Promise<boolean>
  /** Another node connects it from here on. @returns `false`: there is none that would */
  toOtherNode(identity: SessionIdentity, reason: SessionReason): Promise<boolean>
  /** There is no connection, and this node waits before it tries again. */
  waiting(identity: SessionIdentity, reason: SessionReason, until: Date | null): Promise<void>
  /** Nothing runs until somebody acts; the lease ends. */
  resting(session: OwnedSession, state: RestingState, reason: SessionReason, more?: Resting): Promise<void>
  /**
   * A session that was taken back is with its bot again, and one whose link is not finished is with whoever got it; its lease ends.
   * @returns whether it was such a session: nothing has changed otherwise
   */
  toItsBot(identity: SessionIdentity): Promise<boolean>
}

export type Resting = {
  /** When a restriction ends; left out by whoever has not asked WhatsApp. */
  until?: Date | null
  /** WhatsApp's own words. */
  text?: string
  /** Whether the owner is told that it needs the operator. */
  operator?: boolean
}

/** Reasons to be without a connection although this node runs the session. */
const waits: readonly (string | null)[] = ['restricted', 'engine_outdated'] satisfies SessionReason[]

export type SessionStatesDeps = SessionLinks & { tenants: Tenants; events: EventLog }

export function createSessionStates({ tenants, events, onResting, isLinking }: SessionStatesDeps): SessionStates {
  const change = <Result>(
    { workspaceId, sessionId, fence }: OwnedSession,
    work: (tx: TenantTransactor, wanted: boolean) => Promise<Result>,
  ) =>
    tenants.transact({ workspaceId }, async tx => {
      return work(tx, await assertFence(tx, sessionId, fence))
    })

  /** Set when a change has been committed: one that has not is tried again. */
  const shown = new Map<SessionId, SessionState>()
  // somebody who let the session rest meanwhile is not contradicted by what its socket does last
  const move = async (identity: SessionIdentity, { state, ...why }: SessionChange) => {
    const { sessionId } = identity
    const stored = await change(identity, async (tx, wanted) => {
      if (wanted && (await setSessionState(events, tx, sessionId, { state, ...why }))) return state
      return (await shownState(tx, sessionId)).state
    })
    shown.set(sessionId, stored)
  }

  const ends = async (tx: TenantTransactor, sessionId: SessionId, reason: SessionReason) => {
    await endLease(tx, sessionId)
    await onResting(tx, sessionId, reason)
    await eraseSecrets(tx, sessionId)
  }

  const starting = { state: 'connecting', reason: 'starting' } as const

  return {
    shown: sessionId => shown.get(sessionId),
    forget: sessionId => void shown.delete(sessionId),
    async begun(identity) {
      const { sessionId } = identity
      const [before, begins] = await change(identity, async (tx, wanted) => {
        const found = await shownState(tx, sessionId)
        const isShown = wanted && found.state === 'connected'
        return [found, isShown && (await setSessionState(events, tx, sessionId, starting))] as const
      })
      shown.set(sessionId, begins ? starting.state : before.state)
      return before
    },
    async connecting(identity) {
      const { sessionId } = identity
      if (shown.get(sessionId) === 'connecting' || shown.get(sessionId) === 'reconnecting') return
      const begins = await change(identity, async (tx, wanted) => {
        const { state, reason } = await shownState(tx, sessionId)
        const may = state === 'connected' || (state === 'disconnected' && waits.includes(reason))
        return wanted && may && setSessionState(events, tx, sessionId, starting)
      })
      if (begins) shown.set(sessionId, starting.state)
    },
    connected: identity => move(identity, { state: 'connected' }),
    reconnecting: (identity, reason = 'connection_lost') => move(identity, { state: 'reconnecting', reason }),
    async corrected(identity, isOpen) {
      const { sessionId } = identity
      const correct = isOpen ? 'connected' : 'reconnecting'
      const moved = await change(identity, async (tx, wanted) => {
        const { state } = await shownState(tx, sessionId)
        if (!wanted || (state === 'connected') === isOpen) return false
        const reason = isOpen ? null : ('connection_lost' satisfies SessionReason)
        return setSessionState(events, tx, sessionId, { state: correct, reason })
      })
      if (moved) shown.set(sessionId, correct)
      return moved
    },
    waiting: (identity, reason, until) => move(identity, { state: 'disconnected', reason, until }),
    noted: (identity, sign) => change(identity, tx => noteSign(events, tx, identity.sessionId, sign)),
    toOtherNode: (identity, reason) =>
      change(identity, async (tx, wanted) => {
        const { sessionId, fence } = identity
        if (!wanted || (await giveLease(tx, sessionId, fence.nodeId)) === null) return false
        await setSessionState(events, tx, sessionId, { state: 'reconnecting', reason })
        return true
      }),
    resting: (identity, state, reason, { until, text, operator = false } = {}) =>
      change(identity, async tx => {
        const { sessionId } = identity
        await ends(tx, sessionId, reason)
        const more = { text: text ?? null, ...(until !== undefined && { until }) }
        await setSessionState(events, tx, sessionId, { state, reason, ...more })
        // no account has this device any more, as far as WhatsApp says: nobody may use its credentials
        if (state !== 'disconnected') {
          await settleEnded(tx, sessionId, reason === 'revoked')
          await quarantine(tx, sessionId, { days: keptDays.ended })
        }
        if (operator) await tellOwner(events, tx, sessionId, 'operator_needed')
      }),
    toItsBot: identity =>
      change(identity, async tx => {
        const { sessionId } = identity
        const had = await wasTakenBack(tx, sessionId)
        if (!had && !(await isLinking(tx, sessionId))) return false
        await ends(tx, sessionId, 'replaced')
        if (had) return returnToBot(events, tx, sessionId)
        // its link has said that it is handed off, unless its messages had not left
        const { state } = await shownState(tx, sessionId)
        if (state !== 'handed_off')
          await setSessionState(events, tx, sessionId, { state: 'disconnected', reason: 'replaced' })
        return true
      }),
  }
}
