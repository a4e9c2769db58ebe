import type { IncomingMessage } from 'node:http'
import type { BaileysEventMap, WASocket } from '@whiskeysockets/baileys'
import type { ClientVersion } from '../../config/config.js'
import { errorCode, type Log } from '../../log.js'
import {
  LogoutUnconfirmedError,
  type Account,
  type BuiltMessage,
  type CloseCause,
  type ConnectOptions,
  type EngineConnection,
  type EngineEvent,
  type SendOutcome,
} from '../engine.js'
import { StorageError } from '../keystore.js'
import type { AuthState } from './auth-state.js'
import { ConnectionPhase } from './connection-phase.js'
import { isPaired } from './credentials.js'
import { openGuardedSocket } from './guarded-socket.js'
import { inboundMessage } from './inbound-message.js'
import { accountOf } from './jid.js'
import { Line } from './line.js'
import { gatePairReply } from './pair-reply-gate.js'
import { portableCredentials } from './portable-credentials.js'
import { quietLogger } from './quiet-logger.js'
import { receiptOf } from './receipt.js'
import { relay } from './relay.js'
import { Registration } from './registration.js'
import { removeDevice } from './remove-device.js'
import { ServerAcks } from './server-acks.js'
import { earsOf, SessionWatch, type Watches } from './session-watch.js'
import { createSignalRepository } from './signal-repository.js'
import { socketConfig } from './socket-config.js'
import { StanzaNotes } from './stanza-notes.js'
import { buildText } from './text-message.js'
import { upgradeRefusal } from './upgrade-refusal.js'

/** How long a polite close may take before the line is cut. */
const closeGraceMs = 1_000
const closedByUs: CloseCause = { plane: 'local', kind: 'closed_by_us', status: null }
export type BaileysConnectionDeps = {
  url: string | null
  version: ClientVersion
  auth: AuthState
  log: Log
  connectDeadlineMs: number
  watches: Watches
  /** Of the session, the same for all its connections. */
  name: string
} & ConnectOptions

/** One socket's life, from construction to its one `closed` event. */
export class BaileysConnection implements EngineConnection {
  readonly #deps: BaileysConnectionDeps
  readonly #socket: WASocket
  readonly #line: Line
  readonly #acks: ServerAcks
  readonly #deadline: NodeJS.Timeout
  readonly #registration: Registration | null
  readonly #phase: ConnectionPhase
  readonly #watch: SessionWatch | null
  #closing = false
  #closed = false
  #forced: CloseCause | null = null

  constructor(deps: BaileysConnectionDeps) {
    this.#deps = deps
    const { auth, connectDeadlineMs, keys, log, pairByCode, watches } = deps
    const stanzas = new StanzaNotes(id => this.#watch?.inbound.reached(id))
    const ears = earsOf(() => this.#watch)
    this.#socket = openGuardedSocket(
      socketConfig({
        ...deps,
        logger: quietLogger(log, ears),
        makeSignalRepository: createSignalRepository({ store: keys, auth, stanzas, log, emit: this.#emit.bind(this) }),
        pairsByCode: pairByCode !== undefined,
        downloads: watches.downloads(ears.onFile),
        retries: watches.memoryOf(deps.name).retries,
      }),
      (error, event) => this.#onRejection(error, event),
    )
    this.#line = new Line(this.#socket, {
      mayWrite: deps.mayWrite ?? (() => true),
      onRefused: () => this.abandon(),
      onSilent: () =>
        this.#cut({ plane: 'local', kind: this.#registration ? 'connection_lost' : 'zombie', status: null }),
    })
    this.#acks = new ServerAcks(this.#socket)
    this.#registration = isPaired(auth.creds)
      ? null
      : new Registration({
          socket: this.#socket,
          auth,
          pairByCode,
          emit: event => this.#emit(event),
          cut: reason => this.#cut(reason),
        })
    this.#phase = new ConnectionPhase({
      registration: this.#registration,
      latestUnanswered: () => this.#acks.latest(),
    })
    this.#deadline = setTimeout(
      () => this.#cut({ plane: 'local', kind: 'unreachable', status: null }),
      connectDeadlineMs,
    )
    gatePairReply(this.#socket, async () => {
      await auth.saved()
      // nobody heard of this device yet and nobody will: without the reply it never comes into being
      if (this.#closing) throw new Error('closing')
    })
    this.#socket.ws.prependListener('CB:message', stanzas.note.bind(stanzas))
    this.#watch = isPaired(auth.creds) ? this.#watched() : null
    this.#socket.ws.on('unexpected-response', (_request: unknown, response: IncomingMessage) => {
      response.destroy()
      this.#cut(upgradeRefusal(response.statusCode ?? null, response.headers['retry-after']))
    })
    keys.onFailure(error => this.#onStorageFailure(error))
    this.#listen()
  }

  buildText(to: string, text: string): BuiltMessage {
    return buildText(to, text, this.#deps.auth.creds.me?.id ?? to)
  }

  async send(message: BuiltMessage, deadlineMs: number): Promise<SendOutcome> {
    if (this.#closed) return { outcome: 'unconfirmed' }
    const verdict = this.#acks.expect(message.waMessageId, deadlineMs)
    let relaying = true
    void relay(this.#socket, message, this.#deps.log).then(relayed => {
      relaying = false
      if (!relayed) this.#acks.abandon(message.waMessageId)
    })
    const outcome = await verdict
    if (relaying && outcome.outcome === 'unconfirmed') {
      // it holds a mutex inside Baileys that every later send of this socket would wait for
      this.#cut({ plane: 'local', kind: 'connection_lost', status: null })
    }
    return outcome
  }

  hasAppStateKeys(): boolean {
    return this.#deps.auth.creds.myAppStateKeyId !== undefined
  }

  portableCredentials() {
    return portableCredentials(this.#deps.auth, this.#deps.keys)
  }

  async close(): Promise<void> {
    this.#flush()
    this.#closing = true
    await this.#deps.auth.saved().finally(() => this.#cut(closedByUs))
    // what changed while that was stored
    await this.#deps.auth.saved()
  }

  pause(): void {
    this.#line.pause()
    this.#watch?.inbound.pause()
  }

  resume(): void {
    this.#watch?.inbound.resume()
    this.#line.resume()
  }

  abandon(): void {
    if (this.#closed) return
    this.#line.cut()
    this.#deps.keys.abandon()
    this.#cut({ plane: 'storage', kind: 'fenced', status: null })
  }

  async logout(): Promise<void> {
    try {
      const me = this.#deps.auth.creds.me?.id
      if (this.#closed || !this.#phase.isOpen || me === undefined) throw new LogoutUnconfirmedError()
      await removeDevice(this.#socket, me)
    } finally {
      this.#cut(closedByUs)
    }
  }

  #watched(): SessionWatch {
    const onDeaf = () => this.#cut({ plane: 'local', kind: 'deaf', status: null })
    return new SessionWatch({ ...this.#deps, socket: this.#socket, emit: this.#emit.bind(this), onDeaf })
  }

  #listen(): void {
    const { ev } = this.#socket
    ev.on('creds.update', update => this.#onCreds(update))
    ev.on('connection.update', update => this.#onConnection(update))
    ev.on('messages.upsert', ({ messages }) => {
      for (const message of messages) {
        const inbound = inboundMessage(message)
        if (inbound !== null) this.#emit({ type: 'message', message: inbound })
      }
    })
    ev.on('messages.update', updates => {
      for (const { key, update } of updates) {
        const receipt = receiptOf(key, update.status)
        if (receipt !== null) this.#emit(receipt)
      }
    })
  }

  #onCreds(update: BaileysEventMap['creds.update']): void {
    this.#deps.auth.credsChanged()
    this.#registration?.credsChanged()
    if (update.myAppStateKeyId !== undefined) {
      this.#deps.auth.saved().then(
        () => this.#emit({ type: 'app_state_keys' }),
        () => {},
      )
    }
  }

  #onConnection(update: BaileysEventMap['connection.update']): void {
    const { connection, qr, isNewLogin, lastDisconnect } = update
    this.#phase.see(update)
    if (qr !== undefined) this.#onQr(qr)
    if (isNewLogin === true) {
      this.#registration?.paired()
      this.#announce('paired')
    }
    if (connection === 'open') {
      clearTimeout(this.#deadline)
      this.#watch?.opened()
      this.#announce('open')
    }
    if (connection === 'close') {
      const cause = this.#closing ? closedByUs : this.#phase.meaningOf(lastDisconnect?.error)
      this.#finish(this.#forced ?? cause)
    }
  }

  #onQr(qr: string): void {
    clearTimeout(this.#deadline)
    this.#registration?.onQr(qr)
  }

  /** An account is announced only once its credentials are stored. */
  #announce(type: 'paired' | 'open'): void {
    const account: Account | null = accountOf(this.#deps.auth.creds.me)
    if (account === null) return
    this.#deps.auth.saved().then(
      () => {
        if (!this.#closing) this.#emit({ type, account })
      },
      () => {},
    )
  }

  #onRejection(error: unknown, event: string): void {
    this.#deps.log.warn('engine_listener_failed', { code: errorCode(error) })
    if (event === 'message') this.#cut({ plane: 'local', kind: 'undecodable_frame', status: null })
  }

  #onStorageFailure(error: Error): void {
    // the line goes first: whatever Baileys makes of the failing read must not reach WhatsApp
    this.#line.cut()
    const code = error instanceof StorageError ? error.code : 'storage_error'
    // the next connection loads the newer ones
    this.#cut({ plane: 'storage', kind: code === 'stale_credentials' ? 'storage_error' : code, status: null })
  }

  #cut(reason: CloseCause): void {
    if (this.#closed) return
    this.#forced = reason
    this.#line.leave()
    this.#socket
      .end(undefined)
      .catch((error: unknown) => this.#deps.log.warn('socket_not_ended', { code: errorCode(error) }))
    setTimeout(() => this.#line.cut(), closeGraceMs).unref()
    this.#finish(reason)
  }

  #finish(reason: CloseCause): void {
    if (this.#closed) return
    // Baileys drops what it has buffered, acknowledged messages included, right after this event
    this.#flush()
    this.#deps.auth.end()
    this.#closed = true
    clearTimeout(this.#deadline)
    this.#line.unwatch()
    this.#watch?.stop()
    this.#registration?.stop()
    this.#acks.abandonAll()
    this.#deps.onEvent({ type: 'closed', reason: { ...reason, phase: this.#phase.phase } })
  }

  #flush(): void {
    if (!this.#closed) this.#socket.ev.flush()
  }

  #emit(event: EngineEvent): void {
    if (!this.#closed) this.#deps.onEvent(event)
  }
}
