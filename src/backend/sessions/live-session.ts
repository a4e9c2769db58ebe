import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { Tenants } from '../database/tenant-transaction.js'
import { untilStored } from '../database/until-stored.js'
import type { CloseReason, Engine, EngineConnection, EngineEvent, InboundMessage } from '../engine/engine.js'
import { loadKeyStore } from '../engine/postgres-keystore.js'
import { errorCode, type Log } from '../log.js'
import { drainOutbox } from '../outbox/outbox-lane.js'
import { sentMessage } from '../outbox/outbox-store.js'
import { Hearing } from './hearing.js'
import type { SessionIdentity } from './session-identity.js'
import { backoffMs, reactionTo, reactionToLoading, type Reaction } from './session-reactions.js'
import { isSign } from './session-signs.js'
import type { SessionStates } from './session-states.js'

export type OpenSession = {
  identity: SessionIdentity
  connection: EngineConnection
  /** Aborts when this connection ends. */
  signal: AbortSignal
  /** Waits until the account's app-state keys are stored, or for so long. */
  appStateKeys(timeoutMs: number): Promise<void>
  /**
   * Sends what the session's outbox holds, see `outbox-lane.ts`; one drain at a time, whoever asks for it.
   * @returns whether every message has a verdict now
   */
  drainOutbox(signal: AbortSignal): Promise<boolean>
  /** Has what was heard and not handled gone through again, see `hearing.ts`, while everything else goes on. */
  catchUp(): void
  /** Closes the connection without logging out and lets the session rest; nothing reconnects it. */
  release(): Promise<void>
}

export type LiveSessionDeps = {
  tenants: Tenants
  engine: Engine
  states: SessionStates
  log: Log
  /** Work that every open connection gets. Called again after a failure while the connection lives; must be safe to repeat. */
  onOpen: (session: OpenSession) => Promise<void>
  /** What the engine hears, one message after the other. A failure is logged and the message let go. */
  onMessage: (session: SessionIdentity, message: InboundMessage) => Promise<void>
  /** Goes through what was heard lately, for what `onMessage` was not told of or could not store. Must be safe to repeat. */
  onMissed: (session: SessionIdentity) => Promise<void>
  /** This node has nothing to do for the session any more. */
  onRest: () => void
}

/** A connection that has lived this long was a good one: the next loss is met without patience lost before. */
const stableAfterMs = 60_000

/** One linked account on this node: at most one socket at a time, and what happens when it ends. */
export class LiveSession {
  readonly #deps: LiveSessionDeps
  readonly #identity: SessionIdentity
  readonly #stopping = new AbortController()
  /** Changes of the shown state, one after the other, each repeated until the database has it. */
  #stored: Promise<void> = Promise.resolve()
  #connection: EngineConnection | null = null
  #connectionEnd = new AbortController()
  #open = false
  #paused = false
  /** Aborts when no message may be begun any more. */
  readonly #lastCall = new AbortController()
  #attempt = 0
  #stable: NodeJS.Timeout | undefined
  #keysArrived = new AbortController()
  readonly #hearing: Hearing
  #draining: Promise<unknown> = Promise.resolve()

  constructor(deps: LiveSessionDeps, identity: SessionIdentity) {
    this.#deps = deps
    this.#identity = identity
    this.#hearing = new Hearing({
      onMessage: message => deps.onMessage(identity, message),
      onMissed: () => deps.onMissed(identity),
      onFailure: (event, error) => this.#log(event, error),
      signal: this.#stopping.signal,
    })
  }

  get isOpen(): boolean {
    return this.#open
  }

  /** Under which it runs here. */
  get epoch(): bigint {
    return this.#identity.fence.epoch
  }

  /** Its line stands still, as does every later one, until `unpause`. */
  pause(): void {
    this.#paused = true
    this.#connection?.pause()
  }

  unpause(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#connection?.resume()
  }

  /** Falls silent at once: another node may run the session. Nothing is stored any more. */
  abandon(): void {
    this.#stopping.abort()
    clearTimeout(this.#stable)
    this.#connection?.abandon()
  }

  /**
   * Stops in good order, for another node to go on: what has been sent gets its verdict, what has been heard is stored, the line is closed.
   * @param patienceMs for verdicts; a message that has none by then is sent again by whoever goes on
   */
  async drain(patienceMs: number): Promise<void> {
    this.#lastCall.abort()
    await Promise.race([this.#draining, delay(patienceMs, undefined, { ref: false })])
    await this.stop()
    await this.#draining
  }

  /** Takes over a connection that is open already. Its further events go to the returned function. */
  adopt(connection: EngineConnection): (event: EngineEvent) => void {
    const receive = this.#attach(connection)
    this.#onOpen(connection)
    return receive
  }

  /** Connects with the stored credentials, and again whenever the line is lost. */
  start(): void {
    this.#store(() => this.#deps.states.connecting(this.#identity))
    void this.#connect()
  }

  /** Closes the socket politely. The session itself is not changed: whoever claims it next goes on. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    clearTimeout(this.#stable)
    await this.#connection?.close().catch((error: unknown) => this.#log('session_close_failed', error))
    await this.#hearing.ended()
  }

  /** Takes the device off the account, as far as the line allows. Nothing reconnects it. */
  async logout(): Promise<void> {
    this.#stopping.abort()
    clearTimeout(this.#stable)
    const leave = this.#open ? this.#connection?.logout() : this.#connection?.close()
    await leave?.catch((error: unknown) => this.#log('session_close_failed', error))
  }

  async #connect(): Promise<void> {
    const { tenants, engine } = this.#deps
    const { sealer, sessionId, workspaceId } = this.#identity
    try {
      const keys = await loadKeyStore({ tenants, sealer }, this.#identity)
      if (this.#stopping.signal.aborted) return
      const early: EngineEvent[] = []
      let receive: (event: EngineEvent) => void = event => early.push(event)
      const connection = engine.connect({
        keys,
        onEvent: event => receive(event),
        sentMessage: (chat, waMessageId) =>
          tenants.read({ workspaceId }, tx => sentMessage(tx, sealer, sessionId, { chat, waMessageId })),
      })
      receive = this.#attach(connection)
      early.forEach(receive)
    } catch (error) {
      this.#log('session_not_loaded', error)
      await this.#react(reactionToLoading(error))
    }
  }

  /** Events of a connection count only while it is the current one. */
  #attach(connection: EngineConnection): (event: EngineEvent) => void {
    this.#connection = connection
    if (this.#paused) connection.pause()
    this.#connectionEnd = new AbortController()
    return event => {
      if (this.#connection !== connection) return
      if (event.type === 'open') {
        this.#store(() => this.#deps.states.connected(this.#identity))
        this.#onOpen(connection)
      }
      if (event.type === 'message') this.#hearing.hear(event.message)
      if (event.type === 'app_state_keys') this.#keysArrived.abort()
      if (isSign(event)) this.#store(() => this.#deps.states.noted(this.#identity, event))
      if (event.type === 'closed') this.#onClosed(connection, event.reason)
    }
  }

  #onOpen(connection: EngineConnection): void {
    this.#open = true
    this.#stable = setTimeout(() => (this.#attempt = 0), stableAfterMs).unref()
    void this.#work(connection, this.#connectionEnd.signal)
  }

  async #work(connection: EngineConnection, signal: AbortSignal): Promise<void> {
    const release = async () => {
      await this.stop()
      this.#deps.onRest()
    }
    const appStateKeys = async (timeoutMs: number) => {
      if (connection.hasAppStateKeys()) return
      await delay(timeoutMs, undefined, { signal: AbortSignal.any([signal, this.#keysArrived.signal]) }).catch(() => {})
    }
    const drain = (limit: AbortSignal) => this.#drain(connection, limit)
    const session: OpenSession = {
      identity: this.#identity,
      connection,
      signal,
      appStateKeys,
      drainOutbox: drain,
      catchUp: () => this.#hearing.catchUp(),
      release,
    }
    for (let attempt = 1; !signal.aborted && !this.#stopping.signal.aborted; attempt++) {
      try {
        return await this.#deps.onOpen(session)
      } catch (error) {
        this.#log('session_work_failed', error)
        await delay(backoffMs(attempt), undefined, { signal }).catch(() => {})
      }
    }
  }

  /** A line that is lost in the middle leaves the session to recovery, which connects it and says farewell again. */
  async #leave(connection: EngineConnection): Promise<void> {
    this.#stopping.abort()
    clearTimeout(this.#stable)
    try {
      await connection.logout()
      await this.#stored
      await untilStored(() => this.#deps.states.resting(this.#identity, 'logged_out', 'revoked'))
    } finally {
      this.#deps.onRest()
    }
  }

  #drain(connection: EngineConnection, signal: AbortSignal): Promise<boolean> {
    const lastCall = this.#lastCall.signal
    const deps = { tenants: this.#deps.tenants, ...this.#identity, lastCall, leave: () => this.#leave(connection) }
    const drained = this.#draining.then(() => drainOutbox(deps, connection, signal))
    this.#draining = drained.catch(() => {})
    // whoever asks again would ask for nothing else until the line is closed
    const closed = () => (signal.aborted ? null : once(signal, 'abort'))
    return drained.then(async settled => {
      if (!settled && lastCall.aborted) await closed()
      return settled
    })
  }

  #onClosed(connection: EngineConnection, reason: CloseReason): void {
    clearTimeout(this.#stable)
    this.#open = false
    this.#connection = null
    this.#connectionEnd.abort()
    const { sessionId } = this.#identity
    this.#deps.log.info('session_closed', { sessionId, plane: reason.plane, code: reason.kind })
    if (this.#stopping.signal.aborted) return
    // its last writes are settled, one way or the other, before the next connection reads what they left
    const settled = connection.close().catch(() => {})
    void settled.then(() => this.#react(reactionTo(reason)))
  }

  async #react(reaction: Reaction): Promise<void> {
    const { states, onRest } = this.#deps
    switch (reaction.next) {
      case 'reconnect':
        this.#store(() => states.reconnecting(this.#identity))
        return this.#reconnect(reaction.when)
      case 'rest':
        this.#store(() => states.resting(this.#identity, reaction.state, reaction.reason))
        await this.#stored
        return onRest()
      case 'nothing':
        return onRest()
    }
  }

  #store(change: () => Promise<void>): void {
    this.#stored = this.#stored
      .then(() => untilStored(change, this.#stopping.signal))
      .catch((error: unknown) => this.#log('state_not_stored', error))
  }

  async #reconnect(when: 'now' | 'backoff'): Promise<void> {
    const { signal } = this.#stopping
    const waitMs = when === 'now' ? 0 : backoffMs(++this.#attempt)
    await delay(waitMs, undefined, { signal }).catch(() => {})
    if (!signal.aborted) await this.#connect()
  }

  #log(event: string, error: unknown): void {
    this.#deps.log.warn(event, { sessionId: this.#identity.sessionId, code: errorCode(error) })
  }
}
