import type { Companion, Line, Manner } from '../accounts/person.js'
import type { Ending } from '../control-surface.js'
import { Gate, type Holds } from '../holds.js'
import type { Ledger, Party } from '../ledger.js'
import { monotonicMs } from '../ledger-lines.js'
import type { Connection } from '../wire/connection.js'
import type { Node } from '../wire/node-codec.js'
import type { PendingLink } from './pairing.js'
import { endingOf } from './stream-end.js'

export type ClientDeps = {
  ledger: Ledger
  holds: Holds
  handle(client: Client, stanza: Node): void
  /** it has got all that waited for it */
  caughtUp(client: Client): void
  /** it was told to go */
  dismissed(client: Client, ending: Ending): void
}

const DELIVERED = new Set(['message', 'receipt', 'notification'])

/** What a connection turned out to be, and how far its login is; `streaming`: its offline queue is being sent and has no end. */
export type Phase = 'linking' | 'login' | 'catching-up' | 'streaming' | 'live' | 'dismissed' | 'closed'

/** A connection with someone at its end: both gates, the ledger, and the order in which it catches up. */
export class Client implements Line {
  phase: Phase = 'linking'
  companion: Companion | undefined
  link: PendingLink | undefined
  /** stanzas of the queue that were announced as offline ones */
  announced = 0
  /** marks of offline stanzas given so far */
  marked = 0
  /** monotonic milliseconds: when its latest stanza came */
  heardAt = monotonicMs()
  /** why the server ended it, if it did */
  ending: Ending | undefined
  readonly #incoming: Gate
  readonly #outgoing: Gate
  #manner: Manner = 'normal'
  #compressed = 0

  constructor(
    readonly connection: Connection,
    private readonly deps: ClientDeps,
  ) {
    this.#incoming = new Gate(deps.holds, 'in', this.#party, stanza => {
      deps.ledger.record('in', stanza, this.#party())
      if (this.phase !== 'dismissed' && this.#manner !== 'silent') deps.handle(this, stanza)
    })
    this.#outgoing = new Gate(deps.holds, 'out', this.#party, stanza => {
      if (!connection.open || this.#withholds(stanza)) return
      deps.ledger.record('out', stanza, this.#party())
      connection.send(stanza, this.#compressed > 0)
      if (this.#compressed > 0) this.#compressed--
    })
  }

  /** nothing is being held on this connection */
  get idle(): boolean {
    return this.#incoming.idle && this.#outgoing.idle
  }

  received(stanza: Node): void {
    this.heardAt = monotonicMs()
    this.#incoming.submit(stanza)
  }

  /** It was put out already: nobody answers. */
  late(stanza: Node): void {
    this.deps.ledger.late(stanza, this.#party())
  }

  send(stanza: Node): void {
    this.#outgoing.submit(stanza)
  }

  push(stanza: Node): void {
    if (this.phase === 'live') this.send(stanza)
    else if (this.phase === 'streaming') this.sendOffline(stanza)
  }

  /** Sends a stanza that waited, marked as such and numbered. */
  sendOffline(stanza: Node): void {
    this.send({ ...stanza, attrs: { ...stanza.attrs, offline: String(this.marked++) } })
  }

  behave(manner: Manner): void {
    const before = this.#manner
    this.#manner = manner
    if (manner !== 'normal' || before === 'normal' || this.phase !== 'live') return
    for (const stanza of this.companion?.queue.all() ?? []) this.send(stanza)
  }

  freeze(where?: 'in the middle of a frame'): void {
    this.connection.freeze(where !== undefined)
  }

  compress(count: number): void {
    this.#compressed = count
  }

  sendRaw(body: Uint8Array): void {
    this.connection.sendRaw(body)
  }

  /** Everything that waited has been sent: from here on the device hears of things as they happen. */
  caughtUp(): void {
    if (this.phase === 'dismissed' || this.phase === 'closed') return
    this.phase = 'live'
    this.deps.caughtUp(this)
  }

  dismiss(farewell: Node): void {
    this.#farewell(farewell)
    this.connection.close()
  }

  /** Dismisses it, and hangs up whatever it does. */
  putOut(farewell: Node): void {
    this.#farewell(farewell)
    this.connection.hangUp()
  }

  cut(): void {
    this.ending ??= { reason: 'cut' }
    this.connection.cut()
  }

  reset(): void {
    this.ending ??= { reason: 'reset' }
    this.connection.reset()
  }

  cutOnceSent(): void {
    this.ending ??= { reason: 'cut' }
    this.connection.cutOnceSent()
  }

  #farewell(farewell: Node): void {
    this.send(farewell)
    this.ending ??= endingOf(farewell)
    this.deps.dismissed(this, this.ending)
    this.phase = 'dismissed'
  }

  #withholds({ tag }: Node): boolean {
    return this.#manner === 'silent' || (this.#manner === 'deaf' && DELIVERED.has(tag))
  }

  readonly #party = (): Party => {
    const { companion } = this
    const base = { connection: this.connection.id }
    return companion ? { ...base, account: companion.person.phoneNumber, device: companion.deviceId } : base
  }
}
