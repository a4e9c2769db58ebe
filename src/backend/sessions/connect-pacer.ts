import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { SessionId } from '../../contract/ids.js'
import { errorCode, type Log } from '../log.js'
import type { BreakerHit, ConnectBreakers } from './connect-breakers.js'
import type { ConnectBudget, Payment } from './connect-budget.js'
import { ConnectQueue } from './connect-queue.js'
import type { OperatorAlarm } from './operator-alarm.js'
import type { Breaker } from './reaction.js'
import type { TokenBucket } from './token-bucket.js'
import type { UnderWay } from './under-way.js'

/** Who goes first. `owner_waits`: somebody has just asked for it. `pending`: messages wait to be sent. `recent`: it ran a moment ago. */
export type ConnectPriority = 'owner_waits' | 'pending' | 'recent' | 'rest'

export type ConnectRequest = {
  sessionId: SessionId
  priority: ConnectPriority
  /** For how long it has not been connected, on whichever node. */
  awayMs?: number
  /** Its turn may be long in coming, for this reason. */
  onHeld?: (breaker: Breaker) => void
}

/** For metrics. `granted` counts from the start of the process. */
export type PacerCounts = { waiting: number; granted: number; unasked: number; heldBy: Breaker | null }

/** Decides when a session may connect, so that many do not come to WhatsApp at once. */
export interface ConnectPacer extends AsyncDisposable {
  /** Resolves when this session may connect. @throws the signal's reason once it aborts */
  turn(request: ConnectRequest, signal: AbortSignal): Promise<void>
  /**
   * Whether somebody may connect who does not wait: not a client that WhatsApp refuses, but for one that shows whether it still does, where
   * no session waits to do so.
   */
  mayBegin(): Promise<boolean>
  /** A connect that did not wait for a turn: it counts. */
  unasked(): void
  /** WhatsApp has taken this client. @param sessionId left out for a connect that did not wait for a turn */
  opened(sessionId?: SessionId): void
  /** Its connect came to nothing, or its line is lost. */
  ended(sessionId: SessionId): void
  /** It met what holds everybody back. @param id of the session; left out by whoever has none */
  refused(hit: Omit<BreakerHit, 'id'> & { id?: SessionId }): void
  counts(): PacerCounts
}

export type ConnectPacerDeps = {
  bucket: TokenBucket
  budget: ConnectBudget
  breakers: ConnectBreakers
  alarm: Pick<OperatorAlarm, 'raise' | 'clear'>
  log: Log
  underWay: UnderWay
  /** Paid for at once, at most. */
  batch: number
  /** Milliseconds: how old a node's word on an open breaker may be; default: five seconds. */
  longestLookMs?: number
}

const databaseAwayMs = 1_000
const debtsEveryMs = 1_000
/** Before the next look whether a connect under way has ended. */
const fullMs = 25
/** A time to connect that nobody has used for so long is not used any more: others have counted on its being over. */
const longestSlotMs = 1_000

export function createConnectPacer(deps: ConnectPacerDeps): ConnectPacer {
  const { bucket, budget, breakers, underWay, alarm, log, batch, longestLookMs = 5_000 } = deps
  const stopping = new AbortController()
  const queue = new ConnectQueue()
  /** Times at which somebody may connect, paid for already. */
  let slots: number[] = []
  let heldBy: Breaker | null = null
  /** WhatsApp refuses this client, whatever else holds everybody back for longer. */
  let outdated = false
  let canary: SessionId | null = null
  let granted = 0
  let unasked = 0
  let owed = 0
  let serving: Promise<void> | null = null
  let writing: Promise<unknown> = Promise.resolve()

  const hold = (breaker: Breaker | null, isOutdated: boolean) => {
    if (heldBy !== breaker)
      log.warn(breaker === null ? 'connects_released' : 'connects_held', { code: breaker ?? heldBy ?? '' })
    heldBy = breaker
    outdated = isOutdated
    queue.hold(breaker)
    if (breaker !== null) slots = []
    if (isOutdated) alarm.raise('engine_outdated')
    else alarm.clear('engine_outdated')
  }

  const release = () => hold(null, false)

  /** @returns whose turn it was */
  const grant = (): SessionId | null => {
    const next = queue.first()
    if (next === null) return null
    bucket.take()
    granted++
    underWay.begin(next.sessionId)
    next.go()
    return next.sessionId
  }

  /** @returns how long to wait before the next look */
  const held = async (payment: Extract<Payment, { heldBy: Breaker }>): Promise<number> => {
    hold(payment.heldBy, payment.outdated)
    if (payment.heldBy === 'outdated' && payment.forMs === 0 && queue.size > 0 && (await breakers.mayTry())) {
      canary = grant()
      if (canary !== null) log.info('canary_connects', { sessionId: canary })
    }
    return Math.min(longestLookMs, Math.max(100, payment.forMs)) * (1 + Math.random() / 4)
  }

  /** One step towards the next turn. @returns how long to wait before the next step */
  const step = async (): Promise<number> => {
    if (underWay.isFull) return fullMs
    const nodeMs = bucket.wait()
    if (nodeMs > 0) return nodeMs
    const now = performance.now()
    // those that came while everything was under way
    slots = slots.filter(slot => slot > now - longestSlotMs)
    const [slot] = slots
    if (slot === undefined) {
      const payment = await budget.pay(Math.min(queue.size, batch))
      if ('heldBy' in payment) return held(payment)
      release()
      const paidAt = performance.now()
      slots = payment.slots.map(ms => paidAt + Math.max(0, ms))
      return 0
    }
    const slotMs = slot - now
    if (slotMs > 0) return slotMs
    slots.shift()
    grant()
    return 0
  }

  const serve = async () => {
    while (queue.size > 0 && !stopping.signal.aborted) {
      const ms = await step().catch((error: unknown) => {
        log.warn('connects_not_paid', { code: errorCode(error) })
        return databaseAwayMs
      })
      if (ms > 0) await delay(ms, undefined, { signal: stopping.signal, ref: false }).catch(() => {})
    }
    // a slot that nobody has taken is not for whoever comes much later
    slots = []
    serving = null
  }

  const write = (work: () => Promise<unknown>) => {
    writing = writing.then(work).catch((error: unknown) => log.warn('connects_not_noted', { code: errorCode(error) }))
  }

  const payDebts = () => {
    if (owed === 0) return
    const count = owed
    owed = 0
    write(() => budget.owe(count))
  }

  /** @returns what holds everybody back at this moment */
  const ask = async () => {
    const payment = await budget.pay(0)
    if ('heldBy' in payment) hold(payment.heldBy, payment.outdated)
    else release()
    return payment
  }

  /** Nobody waits here, but what is told of this node is to be true. */
  const look = () => {
    if (heldBy !== null && serving === null) write(ask)
  }

  const timers = [setInterval(payDebts, debtsEveryMs).unref(), setInterval(look, longestLookMs).unref()]

  return {
    turn(request, signal) {
      const turn = queue.join(request, signal)
      // nobody joins whose signal has aborted, and serving nobody would be over before it is noted
      if (queue.size > 0) serving ??= serve()
      return turn
    },
    async mayBegin() {
      if (!outdated) return true
      const payment = await ask()
      if (!('heldBy' in payment) || !payment.outdated) return true
      const isOver = payment.heldBy === 'outdated' && payment.forMs === 0
      return isOver && queue.size === 0 && (await breakers.mayTry())
    },
    unasked() {
      unasked++
      owed++
      bucket.take()
    },
    ended: sessionId => underWay.end(sessionId),
    opened(sessionId) {
      if (sessionId !== undefined) underWay.end(sessionId)
      // those that were let in before it began to refuse prove nothing
      if (!outdated || (sessionId !== undefined && sessionId !== canary)) return
      canary = null
      if (heldBy === 'outdated') release()
      else hold(heldBy, false)
      write(() => breakers.release())
    },
    refused({ id, ...hit }) {
      write(async () => {
        if (await breakers.hit({ ...hit, id: id ?? randomUUID() }))
          hold(hit.breaker, outdated || hit.breaker === 'outdated')
      })
    },
    counts: () => ({ waiting: queue.size, granted, unasked, heldBy }),
    async [Symbol.asyncDispose]() {
      stopping.abort()
      timers.forEach(clearInterval)
      await serving
      await writing
    },
  }
}
