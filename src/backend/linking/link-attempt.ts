import type { LinkPhase } from '../../contract/linking.js'
import type { Account, CloseReason, Engine, EngineConnection, EngineEvent } from '../engine/engine.js'
import type { KeyStore } from '../engine/keystore.js'
import { errorCode, type Log } from '../log.js'
import { attemptLifetimeMs } from './attempts-store.js'
import { linkReasonOf, mayLogInYet } from './close-reasons.js'
import { EvenTiming } from './even-timing.js'
import { isSameNumber } from './expected-number.js'
import type { LinkReason } from './link-reasons.js'

/** Time from the phone's acceptance to the first open. Beyond it something is wrong and the visitor should know. */
const loginLimitMs = 60_000
const loginRetryMs = 2_000

/**
 * Time from the newest entry of a code to the phone's acceptance, which WhatsApp may fail to tell. It ends with the code itself if that is
 * sooner; whoever typed a wrong one begins it anew by typing the right one.
 */
const acceptanceLimitMs = 60_000

export type AttemptEnd = {
  phase: Extract<LinkPhase, 'expired' | 'cancelled' | 'failed'>
  reason: LinkReason
  /** How long WhatsApp asked to be left alone. */
  retryAfterMs?: number
}

/** What the visitor is to do something with. */
export type Shown = { qr: string } | { code: string }

export type LinkAttemptDeps = {
  engine: Engine
  log: Log
  /** What each turn of an attempt means to the rest of the product. Done when its promise resolves. */
  turns: {
    /** Out of the queue. `false`: the attempt had ended. */
    called(): Promise<boolean>
    qr(qr: string, expiresInMs: number): Promise<void>
    code(code: string, expiresInMs: number): Promise<void>
    codeEntered(): Promise<void>
    scanned(): Promise<void>
    /** Promotes, and answers where the connection's further events go. `null`: the attempt had ended, the device is not wanted. */
    opened(account: Account, connection: EngineConnection): Promise<((event: EngineEvent) => void) | null>
    ended(end: AttemptEnd): Promise<void>
  }
}

/**
 * One attempt's process on this node, from its first socket to promotion or to its end. Events are handled one after the other.
 * It owns its sockets until promotion; then the running session does.
 */
export class LinkAttempt {
  readonly #deps: LinkAttemptDeps
  readonly #keys: KeyStore
  /** Digits of the account to ask by code, which must be the one that links. */
  readonly #phoneNumber: string | null
  readonly #firstOrEnd: Promise<AttemptEnd | null>
  #timing = new EvenTiming()
  #settleFirst: (end: AttemptEnd | null) => void = () => {}
  #shown: Shown | null = null
  #wasShown = false
  #entered = false
  #codeEndsAt = 0
  #connection: EngineConnection | null = null
  #forward: ((event: EngineEvent) => void) | null = null
  #lane: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #retry: NodeJS.Timeout | undefined
  #started = false
  #scanned = false
  #open = false
  #wantedEnd: AttemptEnd | null = null
  #endedBy: AttemptEnd | null = null

  constructor(deps: LinkAttemptDeps, keys: KeyStore, { phoneNumber }: { phoneNumber: string | null }) {
    this.#deps = deps
    this.#keys = keys
    this.#phoneNumber = phoneNumber
    this.#firstOrEnd = new Promise(resolve => (this.#settleFirst = resolve))
  }

  /** Whether its turn has not come yet. */
  get waits(): boolean {
    return !this.#started && this.#endedBy === null
  }

  /** Opens its first socket, and begins to count its time. */
  start(): void {
    this.#started = true
    this.#timing = new EvenTiming()
    this.#restartTimer(attemptLifetimeMs, () => this.#expire())
    this.#connect()
  }

  /** Its turn in the queue has come. */
  call(): void {
    this.#lane = this.#lane.then(async () => {
      if (this.#endedBy !== null) return
      await this.#guarded(async () => {
        if (await this.#deps.turns.called()) this.start()
      })
    })
  }

  /** What to show now, once there is something; `null` after the phone's acceptance; or how the attempt ended. */
  async shown(): Promise<Shown | { end: AttemptEnd } | null> {
    const end = (await this.#firstOrEnd) ?? this.#endedBy
    return end === null ? this.#shown : { end }
  }

  /** Ends an attempt that has not become a session. One that a phone has accepted removes its device from the account first. */
  end(end: AttemptEnd): Promise<void> {
    if (this.#scanned && !this.#open) this.#wantedEnd ??= end
    else this.#lane = this.#lane.then(() => this.#finish(end))
    return this.#lane
  }

  /** For a process that stops, or has lost the attempt: does not wait for a login that would take the device off the account. */
  abort(end: AttemptEnd): Promise<void> {
    this.#wantedEnd ??= end
    this.#lane = this.#lane.then(() => this.#finish(end))
    return this.#lane
  }

  #connect(): void {
    this.#connection = this.#deps.engine.connect({
      keys: this.#keys,
      ...(this.#phoneNumber !== null && { pairByCode: { phoneNumber: this.#phoneNumber } }),
      onEvent: event => {
        // a visitor who waits for the code sees it while it is being stored
        if (event.type === 'qr') this.#show({ qr: event.qr })
        // at once: an expiry that is due now must not overtake an acceptance that waits for its turn
        if (event.type === 'paired') this.#accept(event.account)
        this.#lane = this.#lane.then(() => this.#handle(event))
      },
      sentMessage: async () => null,
    })
  }

  #show(shown: Shown): void {
    this.#shown = shown
    this.#wasShown = true
    this.#settleFirst(null)
  }

  #expire(): void {
    const end: AttemptEnd = this.#entered
      ? { phase: 'failed', reason: 'pairing_unfinished' }
      : { phase: 'expired', reason: this.#phoneNumber === null ? 'qr_expired' : 'code_expired' }
    this.#lane = this.#lane.then(() => {
      // a phone accepted while the expiry waited for its turn
      if (!this.#scanned) return this.#finish(end)
    })
  }

  #accept(account: Account): void {
    this.#scanned = true
    this.#shown = null
    if (this.#phoneNumber !== null && !isSameNumber(this.#phoneNumber, account.phoneNumber))
      this.#wantedEnd ??= { phase: 'failed', reason: 'wrong_number' }
    this.#restartTimer(loginLimitMs, () => {
      const end: AttemptEnd = this.#wantedEnd ?? { phase: 'failed', reason: 'login_unfinished' }
      this.#lane = this.#lane.then(() => this.#finish(end))
    })
  }

  async #handle(event: EngineEvent): Promise<void> {
    if (this.#forward !== null) return this.#forward(event)
    if (this.#endedBy === null) await this.#guarded(() => this.#turn(event))
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#deps.log.warn('link_turn_failed', { code: errorCode(error) })
      await this.#finish(this.#wantedEnd ?? { phase: 'failed', reason: 'storage_error' })
    }
  }

  async #turn(event: EngineEvent): Promise<void> {
    switch (event.type) {
      case 'qr':
        return this.#deps.turns.qr(event.qr, event.expiresInMs)
      case 'pairing_code':
        return this.#onCode(event.code, performance.now() + event.expiresInMs)
      case 'pairing_code_entered':
        return this.#onEntered()
      case 'paired':
        return this.#deps.turns.scanned()
      case 'open':
        this.#open = true
        return this.#onOpen(event.account)
      case 'closed':
        return this.#onClosed(event.reason)
      default:
        return
    }
  }

  async #onCode(code: string, endsAt: number): Promise<void> {
    await this.#timing.wait()
    if (this.#scanned) return
    this.#codeEndsAt = endsAt
    const leftMs = Math.max(0, Math.round(endsAt - performance.now()))
    this.#restartTimer(leftMs, () => this.#expire())
    this.#show({ code })
    await this.#deps.turns.code(code, leftMs)
  }

  async #onEntered(): Promise<void> {
    if (this.#scanned) return
    this.#entered = true
    this.#restartTimer(Math.min(acceptanceLimitMs, this.#codeEndsAt - performance.now()), () => this.#expire())
    await this.#deps.turns.codeEntered()
  }

  async #onOpen(account: Account): Promise<void> {
    const connection = this.#connection
    if (connection === null) return
    if (this.#wantedEnd !== null) return this.#finish(this.#wantedEnd)
    this.#forward = await this.#deps.turns.opened(account, connection)
    if (this.#forward === null) return this.#finish({ phase: 'cancelled', reason: 'cancelled' })
    clearTimeout(this.#timer)
  }

  async #onClosed(reason: CloseReason): Promise<void> {
    this.#open = false
    if (this.#scanned && reason.kind === 'restart_required') return this.#connect()
    const lost = this.#connection
    this.#connection = null
    if (this.#scanned && mayLogInYet(reason)) return this.#logInAgain(lost)
    const why = linkReasonOf(reason, { shown: this.#wasShown, entered: this.#entered, accepted: this.#scanned })
    if (this.#phoneNumber !== null && !this.#wasShown) await this.#timing.wait()
    const expired = why === 'qr_expired' || why === 'code_expired'
    const { retryAfterMs } = reason
    const end: AttemptEnd = { phase: expired ? 'expired' : 'failed', reason: why }
    await this.#finish(this.#wantedEnd ?? (retryAfterMs === undefined ? end : { ...end, retryAfterMs }))
  }

  /** The phone has accepted and the credentials are linked: a line that breaks is no reason to throw that away, as long as there is time. */
  async #logInAgain(lost: EngineConnection | null): Promise<void> {
    // its last writes are settled before the next connection uses what they left
    await lost?.close().catch(() => {})
    this.#retry = setTimeout(() => {
      this.#lane = this.#lane.then(() => {
        if (this.#endedBy === null) this.#connect()
      })
    }, loginRetryMs)
  }

  async #finish(wanted: AttemptEnd): Promise<void> {
    if (this.#endedBy !== null || this.#forward !== null) return
    // the phone may keep a device that could not be taken off again
    const end: AttemptEnd =
      this.#scanned && wanted.reason === 'cancelled' ? { ...wanted, reason: 'cancelled_late' } : wanted
    this.#endedBy = end
    this.#shown = null
    clearTimeout(this.#timer)
    clearTimeout(this.#retry)
    // who waits for a first code need not wait until a database that is away has taken the end of the attempt
    if (end.reason === 'storage_error') this.#settleFirst(end)
    try {
      await this.#leave()
      await this.#deps.turns.ended(end)
    } finally {
      this.#settleFirst(end)
    }
  }

  /** A device that nobody will use is taken off the account, as far as the line allows. */
  async #leave(): Promise<void> {
    try {
      if (this.#open) await this.#connection?.logout()
      else await this.#connection?.close()
    } catch (error) {
      this.#deps.log.warn('link_socket_not_closed', { code: errorCode(error) })
    }
  }

  #restartTimer(ms: number, ring: () => void): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(ring, Math.max(0, ms))
  }
}
