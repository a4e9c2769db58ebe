import type { Companion, Line } from '../accounts/person.js'
import { Gate, type Holds } from '../holds.js'
import type { Ledger, Party } from '../ledger.js'
import type { Connection } from '../wire/connection.js'
import type { Node } from '../wire/node-codec.js'
import type { PendingLink } from './pairing.js'

export type ClientDeps = { ledger: Ledger; holds: Holds; handle(client: Client, stanza: Node): void }

/** What a connection turned out to be, and how far its login is. */
export type Phase = 'linking' | 'login' | 'catching-up' | 'live' | 'closed'

/** A connection with someone at its end: both gates, the ledger, and the order in which it catches up. */
export class Client implements Line {
  phase: Phase = 'linking'
  companion: Companion | undefined
  link: PendingLink | undefined
  /** stanzas of the queue that were announced as offline ones */
  announced = 0
  readonly #incoming: Gate
  readonly #outgoing: Gate

  constructor(
    readonly connection: Connection,
    deps: ClientDeps,
  ) {
    this.#incoming = new Gate(deps.holds, 'in', this.#party, stanza => {
      deps.ledger.record('in', stanza, this.#party())
      deps.handle(this, stanza)
    })
    this.#outgoing = new Gate(deps.holds, 'out', this.#party, stanza => {
      if (!connection.open) return
      deps.ledger.record('out', stanza, this.#party())
      connection.send(stanza)
    })
  }

  /** nothing is being held on this connection */
  get idle(): boolean {
    return this.#incoming.idle && this.#outgoing.idle
  }

  received(stanza: Node): void {
    this.#incoming.submit(stanza)
  }

  send(stanza: Node): void {
    this.#outgoing.submit(stanza)
  }

  push(stanza: Node): void {
    if (this.phase === 'live') this.send(stanza)
  }

  sendRaw(body: Uint8Array): void {
    this.connection.sendRaw(body)
  }

  close(): void {
    this.connection.close()
  }

  cut(): void {
    this.connection.cut()
  }

  cutOnceSent(): void {
    this.connection.cutOnceSent()
  }

  readonly #party = (): Party => {
    const { companion } = this
    const base = { connection: this.connection.id }
    return companion ? { ...base, account: companion.person.phoneNumber, device: companion.deviceId } : base
  }
}
