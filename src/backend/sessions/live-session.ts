import { setTimeout as delay } from 'node:timers/promises'
import type { Tenants } from '../database/tenant-transaction.js'
import type { CloseReason, Engine, EngineConnection, EngineEvent } from '../engine/engine.js'
import { loadKeyStore } from '../engine/postgres-keystore.js'
import { errorCode, type Log } from '../log.js'
import { sentMessage } from '../outbox/outbox-store.js'
import type { SessionIdentity } from './session-identity.js'
import { backoffMs, reactionTo, type Reaction } from './session-reactions.js'
import type { SessionStates } from './session-states.js'

export type OpenSession = {
  identity: SessionIdentity
  connection: EngineConnection
  /** Aborts when this connection ends. */
  signal: AbortSignal
  /** Waits until the account's app-state keys are stored, or for so long. */
  appStateKeys(timeoutMs: number): Promise<void>
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
  /** This node has nothing to do for the session any more. */
  onRest: () => void
}

/** One linked account on this node: at most one socket at a time, and what happens when it ends. */
export class LiveSession {
  readonly #deps: LiveSessionDeps
  readonly #identity: SessionIdentity
  readonly #stopping = new AbortController()
  #connection: EngineConnection | null = null
  #connectionEnd = new AbortController()
  #open = false
  #attempt = 0
  #keysArrived = new AbortController()

  constructor(deps: LiveSessionDeps, identity: SessionIdentity) {
    this.#deps = deps
    this.#identity = identity
  }

  get isOpen(): boolean {
    return this.#open
  }

  /** Takes over a connection that is open already. Its further events go to the returned function. */
  adopt(connection: EngineConnection): (event: EngineEvent) => void {
    const receive = this.#attach(connection)
    this.#onOpen(connection)
    return receive
  }

  /** Connects with the stored credentials, and again whenever the line is lost. */
  start(): void {
    void this.#connect()
  }

  /** Closes the socket politely. The session itself is not changed: whoever claims it next goes on. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#connection?.close().catch((error: unknown) => this.#log('session_close_failed', error))
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
        sentMessage: (_chat, id) => tenants.read({ workspaceId }, tx => sentMessage(tx, sealer, sessionId, id)),
      })
      receive = this.#attach(connection)
      early.forEach(receive)
    } catch (error) {
      this.#log('session_not_loaded', error)
      await this.#reconnect('backoff')
    }
  }

  /** Events of a connection count only while it is the current one. */
  #attach(connection: EngineConnection): (event: EngineEvent) => void {
    this.#connection = connection
    this.#connectionEnd = new AbortController()
    return event => {
      if (this.#connection !== connection) return
      if (event.type === 'open') {
        void this.#deps.states.connected(this.#identity).catch((error: unknown) => this.#log('state_not_stored', error))
        this.#onOpen(connection)
      }
      if (event.type === 'app_state_keys') this.#keysArrived.abort()
      if (event.type === 'closed') this.#onClosed(event.reason)
    }
  }

  #onOpen(connection: EngineConnection): void {
    this.#open = true
    this.#attempt = 0
    void this.#work(connection, this.#connectionEnd.signal)
  }

  async #work(connection: EngineConnection, signal: AbortSignal): Promise<void> {
    const release = async () => {
      this.#stopping.abort()
      await connection.close()
      this.#deps.onRest()
    }
    const appStateKeys = async (timeoutMs: number) => {
      if (connection.hasAppStateKeys()) return
      await delay(timeoutMs, undefined, { signal: AbortSignal.any([signal, this.#keysArrived.signal]) }).catch(() => {})
    }
    for (let attempt = 1; !signal.aborted && !this.#stopping.signal.aborted; attempt++) {
      try {
        return await this.#deps.onOpen({ identity: this.#identity, connection, signal, appStateKeys, release })
      } catch (error) {
        this.#log('session_work_failed', error)
        await delay(backoffMs(attempt), undefined, { signal }).catch(() => {})
      }
    }
  }

  #onClosed(reason: CloseReason): void {
    this.#open = false
    this.#connection = null
    this.#connectionEnd.abort()
    const { sessionId } = this.#identity
    this.#deps.log.info('session_closed', { sessionId, plane: reason.plane, code: reason.kind })
    if (this.#stopping.signal.aborted) return
    this.#react(reactionTo(reason)).catch((error: unknown) => this.#log('state_not_stored', error))
  }

  async #react(reaction: Reaction): Promise<void> {
    const { states, onRest } = this.#deps
    if (reaction.next === 'reconnect') {
      const stored = states.reconnecting(this.#identity).catch((error: unknown) => this.#log('state_not_stored', error))
      await Promise.all([stored, this.#reconnect(reaction.when)])
      return
    }
    onRest()
    if (reaction.next === 'rest') await states.resting(this.#identity, reaction.state, reaction.reason)
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
