import type { LinkPhase } from '../../contract/linking.js'
import type { Account, CloseReason, Engine, EngineConnection, EngineEvent } from '../engine/engine.js'
import type { KeyStore } from '../engine/keystore.js'
import { errorCode, type Log } from '../log.js'
import { attemptLifetimeMs } from './attempts-store.js'
import { linkReasonOf, type LinkReason } from './link-reasons.js'

/** Time from the scan to the first open. Beyond it something is wrong and the visitor should know. */
const loginLimitMs = 60_000

export type AttemptEnd = { phase: Extract<LinkPhase, 'expired' | 'cancelled' | 'failed'>; reason: LinkReason }

export type LinkAttemptDeps = {
  engine: Engine
  log: Log
  /** What each turn of an attempt means to the rest of the product. Done when its promise resolves. */
  turns: {
    qr(qr: string, expiresInMs: number): Promise<void>
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
  readonly #qrOrEnd: Promise<AttemptEnd | null>
  #settleFirst: (end: AttemptEnd | null) => void = () => {}
  #qr: string | null = null
  #connection: EngineConnection | null = null
  #forward: ((event: EngineEvent) => void) | null = null
  #lane: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout
  #scanned = false
  #open = false
  #wantedEnd: AttemptEnd | null = null
  #over = false

  constructor(deps: LinkAttemptDeps, keys: KeyStore) {
    this.#deps = deps
    this.#keys = keys
    this.#qrOrEnd = new Promise(resolve => (this.#settleFirst = resolve))
    this.#timer = setTimeout(() => this.#expire(), attemptLifetimeMs)
  }

  start(): void {
    this.#connection = this.#deps.engine.connect({
      keys: this.#keys,
      onEvent: event => {
        // a visitor who waits for the code sees it while it is being stored
        if (event.type === 'qr') this.#show(event.qr)
        // at once: an expiry that is due now must not overtake a scan that waits for its turn
        if (event.type === 'paired') this.#accept()
        this.#lane = this.#lane.then(() => this.#handle(event))
      },
      sentMessage: async () => null,
    })
  }

  /** The code to show now, once there is one; `null` after the scan; or the way the attempt ended before it had any. */
  async shownQr(): Promise<{ qr: string } | { end: AttemptEnd } | null> {
    const end = await this.#qrOrEnd
    if (end !== null) return { end }
    return this.#qr === null ? null : { qr: this.#qr }
  }

  /** Ends an attempt that has not become a session. One that a phone has accepted removes its device from the account first. */
  end(end: AttemptEnd): Promise<void> {
    if (end.phase !== 'expired') this.#wantedEnd ??= end
    if (!this.#scanned || this.#open) this.#lane = this.#lane.then(() => this.#finish(end))
    return this.#lane
  }

  /** For a process that stops: does not wait for a login that would take the device off the account. */
  abort(end: AttemptEnd): Promise<void> {
    this.#wantedEnd ??= end
    this.#lane = this.#lane.then(() => this.#finish(end))
    return this.#lane
  }

  #show(qr: string): void {
    this.#qr = qr
    this.#settleFirst(null)
  }

  #expire(): void {
    if (!this.#scanned) void this.end({ phase: 'expired', reason: 'qr_expired' })
  }

  #accept(): void {
    this.#scanned = true
    this.#qr = null
    this.#restartTimer(loginLimitMs, { phase: 'failed', reason: 'connection_lost' })
  }

  async #handle(event: EngineEvent): Promise<void> {
    if (this.#forward !== null) return this.#forward(event)
    if (this.#over) return
    try {
      await this.#turn(event)
    } catch (error) {
      this.#deps.log.warn('link_turn_failed', { code: errorCode(error) })
      await this.#finish({ phase: 'failed', reason: 'storage_error' })
    }
  }

  async #turn(event: EngineEvent): Promise<void> {
    switch (event.type) {
      case 'qr':
        return this.#deps.turns.qr(event.qr, event.expiresInMs)
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
    if (this.#scanned && reason.kind === 'restart_required') return this.start()
    this.#connection = null
    const why = linkReasonOf(reason)
    await this.#finish(this.#wantedEnd ?? { phase: why === 'qr_expired' ? 'expired' : 'failed', reason: why })
  }

  async #finish(end: AttemptEnd): Promise<void> {
    if (this.#over || this.#forward !== null) return
    // a phone accepted while the expiry waited for its turn
    if (end.phase === 'expired' && this.#scanned) return
    this.#over = true
    this.#qr = null
    clearTimeout(this.#timer)
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

  #restartTimer(ms: number, end: AttemptEnd): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#lane = this.#lane.then(() => this.#finish(end))
    }, ms)
  }
}
