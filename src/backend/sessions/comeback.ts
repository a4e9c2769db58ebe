import { setTimeout as delay } from 'node:timers/promises'
import type { Tenants } from '../database/tenant-transaction.js'
import { untilStored } from '../database/until-stored.js'
import type { CloseReason } from '../engine/engine.js'
import { assertFence } from '../leases/fence.js'
import { errorCode, type Log } from '../log.js'
import { noteRejection } from '../outbox/outbox-store.js'
import { reactionTo } from './close-reactions.js'
import type { ConnectPacer, ConnectPriority } from './connect-pacer.js'
import type { OperatorAlarm } from './operator-alarm.js'
import type { Breaker, Shown } from './reaction.js'
import type { ReconnectPlan, Step } from './reconnect-plan.js'
import type { SessionIdentity } from './session-identity.js'
import type { SessionSign } from './session-signs.js'
import type { SessionStates } from './session-states.js'
import { shownWhileHeld } from './shown-while-held.js'

export type ComebackDeps = {
  tenants: Tenants
  states: SessionStates
  pacer: Pick<ConnectPacer, 'turn' | 'opened' | 'ended' | 'refused'>
  alarm: Pick<OperatorAlarm, 'tell'>
  log: Log
  /** Aborts when the session stops here. */
  signal: AbortSignal
  /** Opens the next connection. */
  connect: () => Promise<void>
  /** This node has nothing to do for the session any more. */
  onRest: () => void
  /** Another node runs the session. */
  onFenced: () => void
  /** Resolves after so long, or when the signal aborts. */
  wait: Wait
}

export type Wait = (ms: number, signal: AbortSignal) => Promise<void>

/** A connection that has lived this long was a good one: the next loss is met without patience lost before. */
const stableAfterMs = 60_000

const deafHint = 'Nothing comes in although it connects, and new connections do not help. Restart this process.'

/** A timer cannot be set for longer. */
const longestDelayMs = 2 ** 31 - 1

/** When one session connects again, and what is shown and stored meanwhile: the table of reactions at work. */
export class Comeback {
  readonly #deps: ComebackDeps
  readonly #identity: SessionIdentity
  readonly #plan: ReconnectPlan
  /** Changes of the shown state, one after the other, each repeated until the database has it. */
  #stored: Promise<unknown> = Promise.resolve()
  #stable: NodeJS.Timeout | undefined
  /** By `performance.now()`; `null`: it is connected. */
  #awaySince: number | null = performance.now()
  /** Called deaf when this node began to run it, and nothing has come in since. */
  #deafBefore = false
  /** What is left to do over its being called deaf here. */
  #deaf: 'move' | 'tell' | 'told' | null = null

  /** @param plan what has become of the session's patience on this node */
  constructor(deps: ComebackDeps, identity: SessionIdentity, plan: ReconnectPlan) {
    this.#deps = deps
    this.#identity = identity
    this.#plan = plan
  }

  /** Has a change stored after those before it. */
  store(change: () => Promise<unknown>): void {
    void this.#stores(change)
  }

  /** Resolves when every change so far is stored or given up. */
  get stored(): Promise<unknown> {
    return this.#stored
  }

  /** The first connection on this node: whoever ran the session before may have had a reason to wait, which still holds. */
  async begin(priority: ConnectPriority): Promise<void> {
    const { signal, states } = this.#deps
    const shown = await this.#stores(() => states.begun(this.#identity))
    if (signal.aborted) return
    if (shown === null) return this.afterLoading(null)
    this.#deafBefore = shown.deaf
    this.#awaySince = performance.now() - shown.awayMs
    await this.#connectAfter(this.#plan.resume(shown), priority)
  }

  /** @param known whether the state is stored already */
  opened({ known }: { known: boolean }): void {
    this.#awaySince = null
    this.#stable = setTimeout(() => this.#plan.settle(), stableAfterMs).unref()
    if (known) return
    const { pacer, states } = this.#deps
    pacer.opened(this.#identity.sessionId)
    this.store(() => states.connected(this.#identity))
  }

  /** What its connection tells of it meanwhile. */
  note(sign: SessionSign): void {
    this.store(async () => {
      const isNews = await this.#deps.states.noted(this.#identity, sign)
      if (sign.type !== 'health' || sign.health.inbound === undefined) return
      this.#deaf = sign.health.inbound === 'deaf' ? (this.#deaf ?? (isNews ? 'move' : 'tell')) : null
    })
  }

  /** A message has come in. */
  heard(): void {
    if (!this.#deafBefore) return
    this.#deafBefore = false
    this.note({ type: 'health', health: { inbound: 'ok' } })
  }

  /** What is shown is made to agree with the connection, as it is once the changes so far are stored or given up. */
  correct(isOpen: () => boolean): void {
    const { log, signal, states } = this.#deps
    this.store(async () => {
      // whoever stops it says what it is
      if (signal.aborted || !(await states.corrected(this.#identity, isOpen()))) return
      log.warn('shown_state_corrected', { sessionId: this.#identity.sessionId })
    })
  }

  /** There is no connection any more. */
  lost(): void {
    clearTimeout(this.#stable)
    this.#awaySince ??= performance.now()
    this.#deps.pacer.ended(this.#identity.sessionId)
  }

  /** A connection has ended, and its last writes are settled. */
  async after(reason: CloseReason): Promise<void> {
    const { states, onRest, pacer } = this.#deps
    const { sessionId } = this.#identity
    const { breaker } = reactionTo(reason)
    const { stanzaId, retryAfterMs } = reason
    if (breaker !== null) pacer.refused({ id: sessionId, breaker, ...(retryAfterMs !== undefined && { retryAfterMs }) })
    if (stanzaId !== undefined) await this.#stores(() => this.#noteRejection(stanzaId))
    // a bot is not fought for its session
    if (reason.kind === 'replaced' && (await this.#stores(() => states.toItsBot(this.#identity))) === true)
      return onRest()
    if (reason.kind === 'deaf' && (await this.#movesAway())) return onRest()
    await this.#follow(this.#plan.after(reason), reason)
  }

  /**
   * New connections of this process do not help. One of another process may, since what is stuck inside a process stays there; if that does
   * not help either, it is not moved to and fro.
   * @returns whether another node connects it from here on
   */
  async #movesAway(): Promise<boolean> {
    await this.#stored
    const { alarm, log, states } = this.#deps
    const { sessionId } = this.#identity
    const todo = this.#deaf
    if (todo !== 'move' && todo !== 'tell') return false
    this.#deaf = 'told'
    if (todo === 'move' && (await this.#stores(() => states.toOtherNode(this.#identity, 'deaf'))) === true) {
      log.warn('deaf_session_moved', { sessionId })
      return true
    }
    alarm.tell('session_needs_operator', { sessionId, code: 'deaf', hint: deafHint })
    return false
  }

  async afterLoading(error: unknown): Promise<void> {
    this.#deps.pacer.ended(this.#identity.sessionId)
    await this.#follow(this.#plan.afterLoading(error), null)
  }

  async #follow(step: Step, reason: CloseReason | null): Promise<void> {
    const { onRest, signal, states } = this.#deps
    if (signal.aborted) return
    if (step.next === 'nothing') return onRest()
    const { operator, breaker } = step.reaction
    const tell = breaker === null && (operator === 'at_once' || (operator === 'at_rest' && step.next === 'rest'))
    if (tell) this.#tellOperator(step.shown.reason, reason)
    if (step.next === 'rest') {
      const { state, reason: why } = step.shown
      const more = {
        ...(reason !== null && { until: reason.until ?? null }),
        operator: tell,
        ...(reason?.text !== undefined && { text: reason.text }),
      }
      await this.#stores(() => states.resting(this.#identity, state, why, more))
      return onRest()
    }
    this.#show(step.shown, step.until)
    await this.#connectAfter(step.afterMs, 'recent')
  }

  /** Why there is no connection, while this node is about to make one. */
  #show({ state, reason }: Shown, until: Date | null): void {
    const { states } = this.#deps
    this.store(() =>
      state === 'disconnected'
        ? states.waiting(this.#identity, reason, until)
        : states.reconnecting(this.#identity, reason),
    )
  }

  async #connectAfter(ms: number, priority: ConnectPriority): Promise<void> {
    const { connect, pacer, signal, states, wait } = this.#deps
    await wait(ms, signal)
    await this.#stored
    if (signal.aborted) return
    try {
      const onHeld = (breaker: Breaker) => this.#show(shownWhileHeld(breaker), null)
      const now = performance.now()
      const awayMs = now - (this.#awaySince ?? now)
      await pacer.turn({ sessionId: this.#identity.sessionId, priority, awayMs, onHeld }, signal)
    } catch {
      // it stops here
      return
    }
    this.store(() => states.connecting(this.#identity))
    await connect()
  }

  async #noteRejection(waMessageId: string): Promise<void> {
    const { log, tenants } = this.#deps
    const { fence, sessionId } = this.#identity
    const givenUp = await tenants.transact(this.#identity, async tx => {
      await assertFence(tx, sessionId, fence)
      return noteRejection(tx, sessionId, waMessageId)
    })
    if (givenUp) log.warn('message_given_up', { sessionId, code: 'protocol_rejected' })
  }

  #tellOperator(why: string, reason: CloseReason | null): void {
    const { sessionId } = this.#identity
    const said = {
      ...(reason?.status != null && { status: reason.status }),
      ...(reason && { plane: reason.plane }),
      ...(reason?.attributes !== undefined && { attributes: reason.attributes }),
    }
    this.#deps.alarm.tell('session_needs_operator', { sessionId, code: why, ...said })
  }

  /** @returns `null` when it could not be stored: the session stops, or is another node's */
  #stores<Result>(change: () => Promise<Result>): Promise<Result | null> {
    const { log, onFenced, signal } = this.#deps
    const stored = this.#stored
      .then(() => untilStored(change, signal))
      .catch((error: unknown) => {
        const code = errorCode(error)
        log.warn('state_not_stored', { sessionId: this.#identity.sessionId, code })
        if (code === 'fenced') onFenced()
        return null
      })
    this.#stored = stored
    return stored
  }
}

/** However long: a timer alone could not be set for months. */
export const realWait: Wait = async (ms, signal) => {
  for (let left = ms; left > 0 && !signal.aborted; left -= longestDelayMs)
    await delay(Math.min(left, longestDelayMs), undefined, { signal, ref: false }).catch(() => {})
}
