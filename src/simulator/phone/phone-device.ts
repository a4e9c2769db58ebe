import type { Accounts } from '../accounts/accounts.js'
import type { Companion, Person, PhoneEndpoint } from '../accounts/person.js'
import type { KeyBundle } from '../accounts/pre-keys.js'
import type { Ledger } from '../ledger.js'
import type { Problems } from '../problems.js'
import type { Node } from '../wire/node-codec.js'
import type { RecoveryManner } from './app-state-recovery.js'
import { AppStateWriter } from './app-state-writer.js'
import { Inbox } from './inbox.js'
import { PhoneKeys } from './phone-keys.js'
import { receiveMessage } from './receive-message.js'
import { receiveReceipt } from './receive-receipt.js'
import { SentMessages } from './sent-messages.js'
import { SignalSessions } from './signal-sessions.js'
import type { ProtocolMessage } from './send-peer.js'
import { keyShare, welcome } from './welcome.js'

export type PhoneDeps = {
  /** Late bound: phones and accounts need each other. */
  accounts(): Accounts
  ledger: Ledger
  problems: Problems
  /** Takes a stanza the phone sends, exactly as from a companion. */
  accept(phone: PhoneDevice, stanza: Node): void
  /** Something worth saving happened. */
  changed: () => void
}

const PHONE_CONNECTION = 0

/** A simulated phone: device 0 of its account. It does one thing at a time, and nothing at all while it is offline. */
export class PhoneDevice implements PhoneEndpoint {
  readonly deviceId = 0
  readonly inbox = new Inbox()
  readonly sent = new SentMessages()
  keys = new PhoneKeys()
  sessions: SignalSessions
  readonly appState: AppStateWriter
  forgesNextSignature = false
  /** what the next linked device is told of the account's history instead of the truth */
  nextHistory: ProtocolMessage | undefined
  /** the next linked device gets no key for app state */
  withholdsKey = false
  /** how it answers a device that cannot read the account's app state */
  recovery: RecoveryManner = 'whole'
  #online = true
  #waiting: Node[] = []
  #underWay = 0
  #lane: Promise<unknown> = Promise.resolve()

  constructor(
    readonly person: Person,
    readonly deps: PhoneDeps,
  ) {
    this.sessions = new SignalSessions(person.lidUser, this.keys)
    this.appState = new AppStateWriter(person, () => this.keys)
  }

  get online(): boolean {
    return this.#online
  }

  /** nothing is being worked on, and nothing waits unless the phone is offline */
  get idle(): boolean {
    return this.#underWay === 0
  }

  /** What a device needs to read app state. */
  keyShare(): ProtocolMessage {
    return keyShare(this)
  }

  takeBundle(): KeyBundle {
    return this.keys.takeBundle()
  }

  deliver(stanza: Node): void {
    this.#waiting.push(stanza)
    if (this.#online) this.#work(1)
  }

  companionOnline(companion: Companion): void {
    if (!companion.welcomed && this.#online) this.soon(() => welcome(this, companion))
  }

  goOffline(): void {
    this.#online = false
  }

  goOnline(): void {
    if (this.#online) return
    this.#online = true
    this.#work(this.#waiting.length)
    for (const companion of this.person.companions.values()) if (companion.line) this.companionOnline(companion)
  }

  /** Sends a stanza as this phone. */
  send(stanza: Node): void {
    this.deps.ledger.record('in', stanza, this.#party())
    this.deps.accept(this, stanza)
  }

  /** Runs a task when everything before it is done: Signal state tolerates one hand at a time. */
  async inTurn<T>(task: () => Promise<T>): Promise<T> {
    this.#underWay++
    const turn = this.#lane.then(task)
    this.#lane = turn.catch(() => undefined)
    try {
      return await turn
    } finally {
      this.#underWay--
      this.deps.changed()
    }
  }

  /** The same for what nobody waits for: a failure is a problem. */
  soon(task: () => Promise<void>): void {
    this.inTurn(task).catch((error: unknown) => {
      const detail = error instanceof Error ? error.message : String(error)
      this.deps.problems.violation(`the phone failed: ${detail}`, { account: this.person.phoneNumber, device: 0 })
    })
  }

  /** what was delivered and not dealt with yet */
  waiting(): readonly Node[] {
    return this.#waiting
  }

  /** Takes back what was saved; deliveries saved unread are worked off once `resume` is called. */
  restore(keys: PhoneKeys, waiting: Node[], online: boolean): void {
    this.keys = keys
    this.sessions = new SignalSessions(this.person.lidUser, keys)
    this.#waiting = waiting
    this.#online = online
  }

  /** As on a new installation: nobody's keys are known, and nobody knows these. */
  startAnew(): void {
    this.keys = new PhoneKeys()
    this.sessions = new SignalSessions(this.person.lidUser, this.keys)
  }

  resume(): void {
    if (this.#online) this.#work(this.#waiting.length)
  }

  #work(stanzas: number): void {
    for (let taken = 0; taken < stanzas; taken++) this.soon(() => this.#next())
  }

  async #next(): Promise<void> {
    const [stanza] = this.#waiting
    if (!stanza || !this.#online) return
    try {
      this.deps.ledger.record('out', stanza, this.#party())
      if (stanza.tag === 'message') await receiveMessage(this, stanza)
      else if (stanza.tag === 'receipt') await receiveReceipt(this, stanza)
    } finally {
      this.#waiting.shift()
    }
  }

  #party(): { connection: number; account: string; device: number } {
    return { connection: PHONE_CONNECTION, account: this.person.phoneNumber, device: 0 }
  }
}
