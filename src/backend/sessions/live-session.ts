import { setTimeout as delay } from 'node:timers/promises'
import type { SessionState } from '../../contract/sessions.js'
import type { Tenants } from '../database/tenant-transaction.js'
import { untilStored } from '../database/until-stored.js'
import type { CloseReason, Engine, EngineConnection, EngineEvent, InboundMessage } from '../engine/engine.js'
import { loadKeyStore } from '../engine/postgres-keystore.js'
import { errorCode, type Log } from '../log.js'
import { sentMessage } from '../outbox/outbox-store.js'
import { Comeback, type ComebackDeps } from './comeback.js'
import type { ConnectPriority } from './connect-pacer.js'
import { Hearing } from './hearing.js'
import { OpenWork, type OpenSession } from './open-session.js'
import { ReconnectPlan } from './reconnect-plan.js'
import type { SessionIdentity } from './session-identity.js'
import { isSign } from './session-signs.js'
import type { SessionStates } from './session-states.js'

export type LiveSessionDeps = Pick<ComebackDeps, 'pacer' | 'alarm' | 'wait'> & {
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

/** One linked account on this node: at most one socket at a time, and what happens when it ends. */
export class LiveSession {
  /** By `performance.now()`: when this node came to run it. */
  readonly since = performance.now()
  readonly #deps: LiveSessionDeps
  readonly #identity: SessionIdentity
  readonly #stopping = new AbortController()
  readonly #plan: ReconnectPlan
  readonly #comeback: Comeback
  readonly #hearing: Hearing
  readonly #work: OpenWork
  #connection: EngineConnection | null = null
  #connectionEnd = new AbortController()
  /** Counts connections: what an earlier one still has to say is not heard. */
  #generation = 0
  #open = false
  #paused = false
  #keysArrived = new AbortController()

  /** @param before the same session on this node, under an older epoch: what it has met counts on */
  constructor(deps: LiveSessionDeps, identity: SessionIdentity, before?: LiveSession) {
    this.#plan = before === undefined ? new ReconnectPlan() : before.#plan
    this.#deps = deps
    this.#identity = identity
    const { signal } = this.#stopping
    this.#hearing = new Hearing({
      onMessage: message => deps.onMessage(identity, message),
      onMissed: () => deps.onMissed(identity),
      onFailure: (event, error) => this.#log(event, error),
      signal,
    })
    this.#comeback = new Comeback(
      {
        ...deps,
        signal,
        connect: () => this.#connect(),
        onFenced: () => {
          this.abandon()
          deps.onRest()
        },
      },
      identity,
      this.#plan,
    )
    this.#work = new OpenWork({
      ...deps,
      identity,
      stopping: signal,
      // whoever has the session now, or has let it rest, needs no warning of that
      onFailure: error => {
        if (errorCode(error) !== 'fenced') this.#log('session_work_failed', error)
      },
      catchUp: () => this.#hearing.catchUp(),
      leave: connection => this.#leave(connection),
      release: async () => {
        await this.stop()
        deps.onRest()
      },
    })
  }

  get identity(): SessionIdentity {
    return this.#identity
  }

  get isOpen(): boolean {
    return this.#open
  }

  /** Under which it runs here. */
  get epoch(): bigint {
    return this.#identity.fence.epoch
  }

  /** A change of what is shown that the database refused is told by nobody again: whoever has read what is shown tells it here. */
  compare(shown: SessionState): void {
    if ((shown === 'connected') !== this.#open) this.#comeback.correct(() => this.#open)
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
    this.#end()
    this.#connection?.abandon()
  }

  /**
   * Stops in good order, for another node to go on: what has been sent gets its verdict, what has been heard is stored, the line is closed.
   * @param patienceMs for verdicts; a message that has none by then is sent again by whoever goes on
   */
  async drain(patienceMs: number): Promise<void> {
    const drained = this.#work.lastCall()
    await Promise.race([drained, delay(patienceMs, undefined, { ref: false })])
    await this.stop()
    await drained
  }

  /** Takes over a connection that is open already. Its further events go to the returned function. */
  adopt(connection: EngineConnection): (event: EngineEvent) => void {
    const receive = this.#attach(connection)
    this.#onOpen(connection, { known: true })
    return receive
  }

  /** Connects with the stored credentials when its turn has come, and again whenever the line is lost. */
  start(priority: ConnectPriority): void {
    void this.#comeback.begin(priority)
  }

  /** Closes the socket politely. The session itself is not changed: whoever claims it next goes on. */
  async stop(): Promise<void> {
    this.#end()
    await this.#connection?.close().catch((error: unknown) => this.#log('session_close_failed', error))
    await this.#hearing.ended()
  }

  /** Takes the device off the account, as far as the line allows. Nothing reconnects it. */
  async logout(): Promise<void> {
    this.#end()
    const leave = this.#open ? this.#connection?.logout() : this.#connection?.close()
    await leave?.catch((error: unknown) => this.#log('session_close_failed', error))
  }

  #end(): void {
    this.#stopping.abort()
    this.#comeback.lost()
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
      await this.#comeback.afterLoading(error)
    }
  }

  #attach(connection: EngineConnection): (event: EngineEvent) => void {
    const generation = ++this.#generation
    this.#connection = connection
    if (this.#paused) connection.pause()
    this.#connectionEnd = new AbortController()
    return event => {
      if (generation !== this.#generation || this.#connection === null) return
      if (event.type === 'open') this.#onOpen(connection, { known: false })
      if (event.type === 'message') {
        this.#comeback.heard()
        this.#hearing.hear(event.message)
      }
      if (event.type === 'app_state_keys') this.#keysArrived.abort()
      if (isSign(event)) this.#comeback.note(event)
      if (event.type === 'closed') void this.#onClosed(connection, event.reason)
    }
  }

  #onOpen(connection: EngineConnection, { known }: { known: boolean }): void {
    this.#open = true
    this.#comeback.opened({ known })
    void this.#work.run(connection, this.#connectionEnd.signal, this.#keysArrived.signal)
  }

  async #onClosed(connection: EngineConnection, reason: CloseReason): Promise<void> {
    this.#comeback.lost()
    this.#open = false
    this.#connection = null
    this.#connectionEnd.abort()
    const { sessionId } = this.#identity
    const { kind, plane, status } = reason
    this.#deps.log.info('session_closed', { sessionId, plane, code: kind, ...(status !== null && { status }) })
    if (this.#stopping.signal.aborted) return
    // its last writes are settled, one way or the other, before anything follows from its end
    await connection.close().catch(() => {})
    if (!this.#stopping.signal.aborted) await this.#comeback.after(reason)
  }

  /** A line that is lost in the middle leaves the session to recovery, which connects it and says farewell again. */
  async #leave(connection: EngineConnection): Promise<void> {
    this.#end()
    try {
      await connection.logout()
      await this.#comeback.stored
      await untilStored(() => this.#deps.states.resting(this.#identity, 'logged_out', 'revoked'))
    } finally {
      this.#deps.onRest()
    }
  }

  #log(event: string, error: unknown): void {
    this.#deps.log.warn(event, { sessionId: this.#identity.sessionId, code: errorCode(error) })
  }
}
