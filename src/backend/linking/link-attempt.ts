import type { Account, CloseReason, Engine, EngineConnection, EngineEvent } from '../engine/engine.js'
import type { KeyStore } from '../engine/keystore.js'
import { errorCode, type Log } from '../log.js'
import { attemptLifetimeMs } from './attempts-store.js'
import { linkReasonOf, mayLogInYet } from './close-reasons.js'
import { Deferred } from './deferred.js'
import { EvenTiming } from './even-timing.js'
import { isSameNumber } from './expected-number.js'
import { Lane } from './lane.js'
import type { LinkPlan } from './link-plan.js'
import type { AttemptEnd, LinkTurns, Shown } from './link-turns.js'

/** Time from the phone's acceptance to the first open. Beyond it something is wrong and the visitor should know. */
const loginLimitMs = 60_000
const loginRetryMs = 2_000

/**
 * Time from the newest entry of a code to the phone's acceptance, which WhatsApp may fail to tell. It ends with the time that the engine
 * leaves the phone to finish if that is sooner; whoever typed a wrong one begins it anew by typing the right one.
 */
const acceptanceLimitMs = 60_000

export type LinkAttemptDeps = {
  engine: Engine
  /** Whether WhatsApp takes this client, as far as is known when an attempt has waited for its turn. */
  mayBegin: () => Promise<boolean>
  log: Log
  turns: LinkTurns
  /** Milliseconds that who asks for a code waits at least, when it is not the usual second. */
  codeAnswerMs?: number | undefined
}

/**
 * One attempt's process on this node, from its first socket to promotion or to its end. Events are handled one after the other.
 * It owns its sockets until promotion; then the running session does.
 */
export class LinkAttempt {
  readonly #deps: LinkAttemptDeps
  readonly #keys: KeyStore
  readonly #plan: Pick<LinkPlan, 'method' | 'phoneNumber'>
  readonly #lane = new Lane()
  readonly #firstOrEnd = new Deferred<AttemptEnd | null>()
  readonly #over = new Deferred<void>()
  #timing: EvenTiming
  #asked = false
  #shown: Shown | null = null
  #wasShown = false
  #entered = false
  #connection: EngineConnection | null = null
  #forward: ((event: EngineEvent) => void) | null = null
  #timer: NodeJS.Timeout | undefined
  #retry: NodeJS.Timeout | undefined
  #started = false
  #scanned = false
  #open = false
  #wantedEnd: AttemptEnd | null = null
  #endedBy: AttemptEnd | null = null

  constructor(deps: LinkAttemptDeps, keys: KeyStore, plan: Pick<LinkPlan, 'method' | 'phoneNumber'>) {
    this.#deps = deps
    this.#timing = new EvenTiming(deps.codeAnswerMs)
    this.#keys = keys
    this.#plan = plan
  }

  /** Whether its turn has not come yet. */
  get waits(): boolean {
    return !this.#started && this.#endedBy === null
  }

  /** Whether WhatsApp has given it a QR, or was asked for a code. */
  get used(): boolean {
    return this.#asked
  }

  /** Opens its first socket, and begins to count its time. */
  start(): void {
    this.#started = true
    this.#inTurn(async () => this.#begin())
  }

  /** Its turn in the queue has come. */
  call(): void {
    this.#inTurn(async () => {
      if (!(await this.#deps.mayBegin())) return this.#finish({ phase: 'failed', reason: 'engine_outdated' })
      if (await this.#deps.turns.called()) this.#begin()
    })
  }

  /** What to show now, once there is something; `null` after the phone's acceptance; or how the attempt ended. */
  async shown(): Promise<Shown | { end: AttemptEnd } | null> {
    const end = (await this.#firstOrEnd.promise) ?? this.#endedBy
    return end === null ? this.#shown : { end }
  }

  /**
   * Ends an attempt that has not become a session, and waits until it is over. One that a phone has accepted logs in first, to take its
   * device off the account.
   * @returns false when it has become a session: nothing was ended
   */
  async end(end: AttemptEnd): Promise<boolean> {
    // an acceptance or a login that comes before its turn ends so as well
    this.#wantedEnd ??= end
    await this.#lane.run(async () => {
      if (!this.#awaitsLogin) await this.#finish(end)
    })
    if (this.#forward !== null) return false
    await this.#over.promise
    return true
  }

  /** For a process that stops, or has lost the attempt: does not wait for a login that would take the device off the account. */
  abort(end: AttemptEnd): Promise<void> {
    this.#wantedEnd ??= end
    return this.#lane.run(() => this.#finish(end))
  }

  get #awaitsLogin(): boolean {
    return this.#scanned && !this.#open
  }

  #begin(): void {
    this.#started = true
    this.#timing = new EvenTiming(this.#deps.codeAnswerMs)
    this.#restartTimer(attemptLifetimeMs, () => this.#expire())
    this.#connect()
  }

  #connect(): void {
    const { method, phoneNumber } = this.#plan
    this.#connection = this.#deps.engine.connect({
      keys: this.#keys,
      ...(method === 'code' && phoneNumber !== null && { pairByCode: { phoneNumber } }),
      onEvent: event => {
        if (event.type === 'qr' || event.type === 'code_asked') this.#asked = true
        // at once: an expiry that is due now must not overtake an acceptance that waits for its turn
        if (event.type === 'paired') this.#accept(event.account)
        void this.#lane.run(() => this.#handle(event))
      },
      sentMessage: async () => null,
    })
  }

  /** Once it is stored: what is told here first, no other look at the attempt is behind. */
  #show(shown: Shown): void {
    if (!this.#scanned) this.#shown = shown
    this.#wasShown = true
    this.#firstOrEnd.resolve(null)
  }

  #expire(): void {
    const end: AttemptEnd = this.#entered
      ? { phase: 'failed', reason: 'pairing_unfinished' }
      : { phase: 'expired', reason: this.#plan.method === 'qr' ? 'qr_expired' : 'code_expired' }
    this.#inTurn(async () => {
      // a phone accepted while the expiry waited for its turn
      if (!this.#scanned) await this.#finish(end)
    })
  }

  #accept(account: Account): void {
    this.#scanned = true
    this.#shown = null
    const { phoneNumber } = this.#plan
    if (phoneNumber !== null && !isSameNumber(phoneNumber, account.phoneNumber))
      this.#wantedEnd ??= { phase: 'failed', reason: 'wrong_number' }
    this.#restartTimer(loginLimitMs, () => {
      this.#inTurn(() => this.#finish(this.#wantedEnd ?? { phase: 'failed', reason: 'login_unfinished' }))
    })
  }

  async #handle(event: EngineEvent): Promise<void> {
    if (this.#forward !== null) return this.#forward(event)
    await this.#guarded(() => this.#turn(event))
  }

  #inTurn(work: () => Promise<void>): void {
    void this.#lane.run(() => this.#guarded(work))
  }

  /** Nothing is done for an attempt that has ended, and what fails ends it. Never throws: nobody waits here. */
  async #guarded(work: () => Promise<void>): Promise<void> {
    if (this.#endedBy !== null) return
    try {
      await work()
    } catch (error) {
      this.#deps.log.warn('link_turn_failed', { code: errorCode(error) })
      await this.#finish(this.#wantedEnd ?? { phase: 'failed', reason: 'storage_error' }).catch((failure: unknown) =>
        this.#deps.log.warn('link_not_ended', { code: errorCode(failure) }),
      )
    }
  }

  async #turn(event: EngineEvent): Promise<void> {
    switch (event.type) {
      case 'qr':
        await this.#deps.turns.qr(event.qr, event.expiresInMs)
        return this.#show({ qr: event.qr })
      case 'pairing_code':
        return this.#onCode(event.code, performance.now() + event.expiresInMs)
      case 'pairing_code_entered':
        return this.#onEntered(event.expiresInMs)
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
    const leftMs = Math.max(0, Math.round(endsAt - performance.now()))
    this.#restartTimer(leftMs, () => this.#expire())
    await this.#deps.turns.code(code, leftMs)
    this.#show({ code })
  }

  async #onEntered(expiresInMs: number): Promise<void> {
    if (this.#scanned) return
    this.#entered = true
    const limitMs = Math.min(acceptanceLimitMs, expiresInMs)
    this.#restartTimer(limitMs, () => this.#expire())
    await this.#deps.turns.codeEntered(limitMs)
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
    const lost = this.#connection
    if (this.#scanned && reason.kind === 'restart_required') return this.#connectAfter(lost)
    this.#connection = null
    if (this.#scanned && mayLogInYet(reason)) return this.#logInAgain(lost)
    const why = linkReasonOf(reason, { shown: this.#wasShown, entered: this.#entered, accepted: this.#scanned })
    if (this.#plan.method === 'code' && !this.#wasShown) await this.#timing.wait()
    const expired = why === 'qr_expired' || why === 'code_expired'
    const { retryAfterMs } = reason
    const end: AttemptEnd = { phase: expired ? 'expired' : 'failed', reason: why }
    await this.#finish(this.#wantedEnd ?? (retryAfterMs === undefined ? end : { ...end, retryAfterMs }))
  }

  /** The phone has accepted and the credentials are linked: a line that breaks is no reason to throw that away, as long as there is time. */
  #logInAgain(lost: EngineConnection | null): void {
    this.#retry = setTimeout(() => this.#inTurn(() => this.#connectAfter(lost)), loginRetryMs)
  }

  /** The last writes of the one before are settled before the next one uses what they left. */
  async #connectAfter(lost: EngineConnection | null): Promise<void> {
    await lost?.close().catch(() => {})
    this.#connect()
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
    if (end.reason === 'storage_error') this.#firstOrEnd.resolve(end)
    try {
      await this.#leave()
      await this.#deps.turns.ended(end)
    } finally {
      this.#firstOrEnd.resolve(end)
      this.#over.resolve()
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
