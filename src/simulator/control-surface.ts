import type { Chaos, ChaosOptions } from './chaos-control.js'
import type { SeededDevices, SeedOptions } from './seeding/seeded-devices.js'

/**
 * What a test or a demo holds. The in-process simulator and the remote client implement the same interfaces, so every value
 * here survives JSON.
 */

/** A Curve25519 pair, both halves as 64 hex characters. */
export type RootKey = { publicKey: string; privateKey: string }

/** `in` = from a client to WhatsApp, `out` = from WhatsApp to a client. */
export type Direction = 'in' | 'out'

/** Everything given must hold; an empty match fits every stanza. */
export type StanzaMatch = {
  direction?: Direction | undefined
  tag?: string | undefined
  /** the `type` attribute */
  type?: string | undefined
  id?: string | undefined
  xmlns?: string | undefined
  /** phone number of the account the device belongs to */
  account?: string | undefined
  /** device number; 0 is the phone itself */
  device?: number | undefined
  /** a tag that occurs anywhere below the stanza's root */
  child?: string | undefined
  /** attributes of the root, all equal */
  where?: Record<string, string> | undefined
}

/** One stanza as it crossed the wire: attributes and tags, never contents. */
export type LedgerEntry = {
  /** 1, 2, 3 … over the life of the simulator */
  seq: number
  /** milliseconds since the epoch */
  at: number
  direction: Direction
  tag: string
  id?: string
  /** absent before a connection has said who it is */
  account?: string
  device?: number
  /** number of the connection; 0 for a simulated phone */
  connection: number
  attrs: Record<string, string>
  /** tags below the root, outermost first, each path once: `pair-device/ref` */
  path: string[]
}

/** Why a connection ended: the farewell WhatsApp sent, or one of these. */
export type Ending = {
  /**
   * `stream:error`, `failure` or `xmlstreamend`: the farewell that was sent; `cut`: the simulator cut the line; `reset`: it did so by
   * a TCP reset; `broken`: the client broke the protocol; `client`: the client said goodbye; `lost`: the client went without a word.
   */
  reason: 'stream:error' | 'failure' | 'xmlstreamend' | 'cut' | 'reset' | 'broken' | 'client' | 'lost'
  /** `code` of a stream error, `reason` of a failure */
  code?: string
  /** first child of a stream error, such as `conflict`, and its `type` */
  child?: string
  type?: string
}

/** The life of one connection; times in milliseconds of the machine's monotonic clock. */
export type ConnectionSpan = {
  connection: number
  /** number of the port it came in by, from 0 */
  frontEnd: number
  /** what its URL said under `via` */
  via?: string
  /** absent for a connection that never logged in */
  account?: string
  device?: number
  connectedAt: number
  loggedInAt?: number
  /** its offline queue was through */
  liveAt?: number
  /** it was told to go; nothing it said after that was heard */
  dismissedAt?: number
  closedAt?: number
  ending?: Ending
  /** number of the connection that logged in under the same identity while this one was */
  replacedBy?: number
}

/** How a front end that restarts ends its connections: 503 on each, a TCP reset on each, or each in its turn. */
export type FrontEndEnding = 'stream-error' | 'reset' | 'mixed'

export type RestartOptions = {
  /** how long it refuses connections; default: it takes the next one at once */
  forMs?: number | undefined
  /** default: 503 on each */
  how?: FrontEndEnding | undefined
}

export type Problem = {
  kind: 'unhandled' | 'violation'
  /** what went wrong, without any key or message body */
  detail: string
  account?: string
  device?: number
  at: number
}

export interface Hold {
  /** settles when a stanza matched and is being held */
  readonly reached: Promise<LedgerEntry>
  /** lets the stanza and everything that queued behind it go on; before a match it cancels the hold */
  release(): Promise<void>
  /** throws the held stanza away and lets the ones behind it go on */
  drop(): Promise<void>
}

export type LinkedDevice = {
  deviceId: number
  online: boolean
  platform: string
  /** milliseconds since the epoch */
  linkedAt: number
  /** one-time pre-keys the server could still hand out */
  preKeysOnServer: number
  /** ids of messages it has not acknowledged yet, oldest first */
  waitingMessages: string[]
  /** the companion proved its half of the link with a correct device signature */
  confirmed: boolean
}

/** Somebody asked for a pairing code for a phone's number. */
export type CodeRequest = {
  /** what the device that wants to be linked calls itself */
  platform: string
  /** milliseconds since the epoch */
  askedAt: number
  expiresAt: number
  /** its code can still be typed */
  open: boolean
}

export type PhoneInfo = {
  phoneNumber: string
  lid: string
  jid: string
  name: string
  online: boolean
  devices: number
}

export type PhoneMessage = {
  /** JID of the chat in phone-number form; the own JID for a note to self */
  chat: string
  from: string
  fromMe: boolean
  id: string
  /** null for kinds that carry no text, and while it cannot be decrypted */
  text: string | null
  /** seconds since the epoch */
  timestamp: number
  /** copies that were decrypted; 0 while undecryptable */
  copies: number
  /** why the only copies so far could not be decrypted */
  undecryptable?: string
  /** furthest receipt seen for an own message */
  status?: 'sent' | 'delivered' | 'read'
}

export type MessageMatch = {
  text?: string | undefined
  from?: string | undefined
  fromMe?: boolean | undefined
  nth?: number | undefined
}

/** By which of the two names the recipient is written to; default: as `to` says, or by number. */
export type SendOptions = { addressing?: 'pn' | 'lid' | undefined }

export type ManyOptions = { text?: string | undefined; undecryptable?: boolean | undefined }

export interface Phone {
  readonly phoneNumber: string
  readonly lid: string
  readonly jid: string
  readonly name: string
  scan(qr: string): Promise<LinkedDevice>
  scanPicture(png: Uint8Array): Promise<LinkedDevice>
  /** `of`: the number whose request is answered, as if the server had misrouted it; default the phone's own */
  enterCode(code: string, options?: { of?: string | undefined }): Promise<LinkedDevice>
  /** every code ever asked for this number, oldest first */
  codeRequests(): Promise<CodeRequest[]>
  /** The next "a device wants to be linked" notification; each is handed out once. */
  waitForCodeRequest(timeoutMs?: number): Promise<CodeRequest>
  send(to: string | Phone, text: string, options?: SendOptions): Promise<{ id: string }>
  /** `text 1`, `text 2`, …; or as many messages nobody can ever read. Answers their ids. */
  sendMany(to: string | Phone, count: number, options?: ManyOptions): Promise<string[]>
  messages(chat?: string): Promise<PhoneMessage[]>
  waitForMessage(match?: MessageMatch, timeoutMs?: number): Promise<PhoneMessage>
  waitForQuiet(): Promise<void>
  read(chat: string): Promise<void>
  devices(): Promise<LinkedDevice[]>
  waitForDevice(state: 'online' | 'offline' | 'linked', timeoutMs?: number): Promise<LinkedDevice>
  unlink(deviceId: number): Promise<void>
  goOffline(): Promise<void>
  goOnline(): Promise<void>
}

export interface SimulatorControl extends AsyncDisposable {
  /** ws://127.0.0.1:PORT/ws/chat: the first front end's */
  readonly url: string
  /** one per front end; all lead to the same accounts */
  readonly urls: readonly string[]
  /** http://127.0.0.1:PORT: what clients look for at `https://mmg.whatsapp.net` is there */
  readonly mediaUrl: string
  /** public half of the root of trust, 64 hex characters */
  readonly rootKey: string
  phone(phoneNumber: string, options?: { name?: string | undefined }): Promise<Phone>
  phones(): Promise<PhoneInfo[]>
  hold(match: StanzaMatch): Promise<Hold>
  waitForStanza(match: StanzaMatch & { since?: number | undefined }, timeoutMs?: number): Promise<LedgerEntry>
  ledger(match?: StanzaMatch): Promise<LedgerEntry[]>
  problems(): Promise<Problem[]>
  assertClean(): Promise<void>
  /** Accounts with a device that is linked already, for clients that are to start as if they had been linked long ago. */
  seedDevices(options: SeedOptions): Promise<SeededDevices>
  /** What became of every connection, or of those of one account or device, oldest first. */
  connections(match?: Pick<StanzaMatch, 'account' | 'device'>): Promise<ConnectionSpan[]>
  /**
   * From now on a device that logs in while it is logged in already is a problem, if the older connection was heard of less than
   * `heardWithinMs` ago (default: however long ago).
   */
  watchOwners(options?: { heardWithinMs?: number | undefined }): Promise<void>
  /** One front end refuses connections for `forMs` and ends those it has; resolves when it takes connections again. */
  restartFrontEnd(frontEnd: number, options?: RestartOptions): Promise<void>
  /** So do all, each `staggerMs` after the one before. */
  restartAll(options?: RestartOptions & { staggerMs?: number | undefined }): Promise<void>
  /** Sets off a named fault; see `faults/`. */
  fault(name: string, params?: Record<string, string | number | boolean>): Promise<void>
  /** Random trouble for the linked devices from now on; whoever starts it prints its seed. */
  chaos(options?: ChaosOptions): Promise<Chaos>
  stop(): Promise<void>
}
