import type { Node } from '../wire/node-codec.js'
import { AppState } from './app-state.js'
import { mishandled, type Mishaps } from './mishaps.js'
import type { KeyBundle, PreKeyPool, SignedPreKey } from './pre-keys.js'
import type { StanzaQueue } from './stanza-queue.js'

/** One device of a person as everything else meets it: a name, and a letter box. */
export interface Endpoint {
  readonly person: Person
  /** 0 is the phone */
  readonly deviceId: number
  /** Takes a `message`, `receipt` or `notification` and keeps it until the device has dealt with it. */
  deliver(stanza: Node): void
}

/** The phone as the server sees it. */
export interface PhoneEndpoint extends Endpoint {
  /** Public keys for opening a session, with a fresh one-time key. */
  takeBundle(): KeyBundle
  /** A companion finished its login; a fresh one is owed keys and history. */
  companionOnline(companion: Companion): void
}

/** How the server treats a connection: as it should; takes everything and says nothing; answers, but delivers nothing. */
export type Manner = 'normal' | 'silent' | 'deaf'

/** A companion's connection while it is logged in. */
export interface Line {
  /** Sends now if the companion has caught up with its queue; otherwise the queue keeps it. */
  push(stanza: Node): void
  send(stanza: Node): void
  /** Sends bytes as one frame, unencrypted. */
  sendRaw(body: Uint8Array): void
  /** Says farewell and closes; nothing the client still says is heard. */
  dismiss(farewell: Node): void
  cut(): void
  /** Cuts by a TCP reset. */
  reset(): void
  behave(manner: Manner): void
  /** Neither reads nor writes any more, from here or from the middle of a frame on. */
  freeze(where?: 'in the middle of a frame'): void
  /** The next stanzas are sent compressed. */
  compress(count: number): void
  /** Cuts once what was sent has left; nothing more is heard. */
  cutOnceSent(): void
}

export type CompanionIdentity = {
  deviceId: number
  /** Noise static key, what a login is recognised by */
  noiseKey: Buffer
  /** Signal identity, 32 bytes */
  identity: Buffer
  registrationId: number
  signedPreKey: SignedPreKey
  platform: string
  linkedAt: number
}

/** A linked device: what the server knows about it, and what it still owes it. */
export class Companion implements Endpoint {
  /** true once the companion's own signature over the link was checked */
  confirmed = false
  /** the connection it is being linked on lasts */
  linking = false
  /** keys and history were handed over after the link */
  welcomed = false
  line: Line | undefined
  mishaps: Mishaps = {}

  constructor(
    readonly person: Person,
    readonly details: CompanionIdentity,
    readonly preKeys: PreKeyPool,
    readonly queue: StanzaQueue,
  ) {}

  get deviceId(): number {
    return this.details.deviceId
  }

  deliver(stanza: Node): void {
    for (const each of mishandled(this.mishaps, stanza)) this.#enqueue(each)
  }

  /** Nothing more is to go wrong; what was kept back is delivered. */
  calm(): void {
    const kept = this.mishaps.shuffled?.kept ?? []
    this.mishaps = {}
    for (const stanza of kept) this.#enqueue(stanza)
  }

  #enqueue(stanza: Node): void {
    this.queue.add(stanza)
    this.line?.push(stanza)
  }
}

/** A person on WhatsApp: two names, one phone, and companions. */
export class Person {
  readonly companions = new Map<number, Companion>()
  /** phone numbers of people with whom messages were exchanged: they learn of new and removed devices */
  readonly contacts = new Set<string>()
  nextDeviceId = 1
  /** how many companions the account may have; undefined for what everyone may */
  deviceLimit: number | undefined
  appState = new AppState()

  constructor(
    readonly phoneNumber: string,
    readonly lidUser: string,
    public name: string,
    makePhone: (person: Person) => PhoneEndpoint,
  ) {
    this.phone = makePhone(this)
  }

  readonly phone: PhoneEndpoint

  endpoint(deviceId: number): Endpoint | undefined {
    return deviceId === 0 ? this.phone : this.companions.get(deviceId)
  }

  /** Companions that take up a slot: linked ones, and those whose link is under way. */
  get slotsTaken(): number {
    return [...this.companions.values()].filter(({ confirmed, linking }) => confirmed || linking).length
  }

  /** Phone first, then the companions others may send to. */
  devices(): Endpoint[] {
    return [this.phone, ...[...this.companions.values()].filter(companion => companion.confirmed)]
  }
}
