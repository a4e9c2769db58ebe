import type { SessionHealth } from '../../contract/sessions.js'
import type { SessionContents, SessionSource } from '../../session/index.js'
import type { JournalledMessage, KeyChanges, KeyStore } from './keystore.js'

/**
 * The port between the gateway and WhatsApp. The gateway owns it; an engine (today Baileys) implements it and keeps every type of its library
 * to itself. Construction never connects. Failures travel as a `closed` event, never as a thrown error out of a socket.
 *
 * Glossary: *account* = the WhatsApp account a session is linked to; *PN* = phone-number JID; *LID* = the account's opaque JID;
 * *ack* = WhatsApp's server stored (or refused) a message; *receipt* = a device of the other side got or read it.
 */
export interface Engine {
  /**
   * Makes credentials for a link attempt: nothing is stored and nothing is connected.
   * The caller puts them into a key store of their own, which the first `connect` fills.
   */
  newCredentials(): Promise<Credentials>
  /**
   * Opens one socket on the credentials of `keys`. Unlinked credentials register (a QR or a pairing code follows); linked ones log in.
   * Answers at once; everything else arrives through `onEvent`, in order, ending with exactly one `closed`.
   */
  connect(options: ConnectOptions): EngineConnection
  /** Builds a text message as the account of this number, connected or not; see `EngineConnection.buildText`. */
  buildText(message: { phoneNumber: string; to: string; text: string }): BuiltMessage
  /** A message of the account's own devices as it was told, or would have been had the process lived; `null` for what is no message. */
  readOwnJournalled(message: JournalledMessage): InboundMessage | null
  /**
   * What `whizlite/session` encodes, from what a session has stored, whether it is connected or not.
   * @param appStateKeys the stored values of the key type `appStateKeyType`
   */
  portableSource(credentials: Credentials, appStateKeys: ReadonlyMap<string, Uint8Array>): SessionSource
  /** Whether a session ID string and stored credentials belong to one device of one account. */
  isSameDevice(stored: Credentials, string: SessionContents): boolean
  /**
   * Credentials for a device that a bot ran meanwhile and has stopped running: out of what is stored, or of a string, which wins over it. At
   * least one is given. See `baileys/take-back.ts` for what is kept.
   * @throws PreKeyError `ids_exhausted`
   */
  takeBack(stored: Credentials | null, string: SessionContents | null): TakenBack
}

/** Name of the key type that a session ID string carries along. */
export const appStateKeyType = 'app-state-sync-key'

/** The name that the phone shows under "Linked devices". */
export const deviceName = 'WHIZ LITE'

export type TakenBack = {
  credentials: Credentials
  account: Account
  /** Values that the key store gets. */
  keys: KeyChanges
  /** Key types of which the key store keeps nothing. */
  forget: readonly string[]
}

/** Opaque to everyone but the engine: sealed by the key store, never logged. */
export type Credentials = { readonly engine: 'baileys'; readonly bytes: Uint8Array }

export type ConnectOptions = {
  keys: KeyStore
  /** For unlinked credentials: ask for this account by pairing code. Absent: by QR. Digits with the country code. */
  pairByCode?: { phoneNumber: string }
  onEvent: (event: EngineEvent) => void
  /** The stored bytes of a message of ours, for a device that could not decrypt it. `null` when it is unknown: nothing is resent then. */
  sentMessage: (chat: string, waMessageId: string) => Promise<Uint8Array | null>
  /** Asked before every frame leaves. `false` on a connection that is not paused is `abandon()`. */
  mayWrite?: () => boolean
}

export interface EngineConnection {
  /** Builds a text message once: the id and bytes that every attempt to send it will use. `to` is a JID of a person or group. */
  buildText(to: string, text: string): BuiltMessage
  /**
   * Encrypts and writes a built message. Resolves with the server's verdict, which comes from its ack and from nothing else.
   * `unconfirmed`: the bytes may have left, no verdict came (deadline or lost line). May be called again with the same message.
   */
  send(message: BuiltMessage, deadlineMs: number): Promise<SendOutcome>
  /** Whether the account's app-state keys are stored. They arrive shortly after the first `open` and stay. */
  hasAppStateKeys(): boolean
  /** What `whizlite/session` encodes; nobody in between looks inside. Valid after `open`. */
  portableCredentials(): Promise<SessionSource>
  /**
   * Flushes what is buffered, waits until every write is stored, closes the socket; from then on this connection stores nothing, so that
   * the next one may begin. Does not log the device out, but one that a phone is just accepting, and that was not announced as `paired`,
   * never comes into being.
   */
  close(): Promise<void>
  /**
   * Stands still: nothing is read (the line pushes back), nothing leaves, nothing is acknowledged, and silence is not held against the line.
   * What is to be sent waits in its order. On a connection that is not open yet too.
   */
  pause(): void
  /** Goes on after `pause` on the same line, if it still stands; one that was lost meanwhile is told as `closed` now. */
  resume(): void
  /** Falls silent at once: no farewell, nothing that waits is sent, nothing more is stored. Then `closed` with the kind `fenced`. */
  abandon(): void
  /**
   * Takes this device off the account and waits until WhatsApp has confirmed it, then closes. For an open connection.
   * @throws LogoutUnconfirmedError when no confirmation came within 5 s or the connection was not open: the device may still be on the account
   */
  logout(): Promise<void>
}

export type BuiltMessage = { to: string; waMessageId: string; proto: Uint8Array }

export type SendOutcome = { outcome: 'sent' } | { outcome: 'refused'; code: string } | { outcome: 'unconfirmed' }

/** The linked account as WhatsApp names it; JIDs without a device part. */
export type Account = { phoneNumber: string; pn: string; lid: string | null; name: string | null }

export type EngineEvent =
  /** A QR to show, replaced by the next `qr` after `expiresInMs`. Secret: for the attempt's own visitor alone. */
  | { type: 'qr'; qr: string; expiresInMs: number }
  /** The server is now asked for a pairing code. */
  | { type: 'code_asked' }
  /** The server has taken this code (`XXXX-XXXX`) for the number; it can be typed for so long. Secret like a QR. */
  | { type: 'pairing_code'; code: string; expiresInMs: number }
  /**
   * Somebody typed a code on the phone. A wrong one looks the same from here: the phone finds out, and may try again. For so long the code
   * can still lead to `paired`.
   */
  | { type: 'pairing_code_entered'; expiresInMs: number }
  /** The phone accepted; credentials are stored. WhatsApp closes the socket next and a new one logs in. */
  | { type: 'paired'; account: Account }
  /** Logged in; messages can be sent. */
  | { type: 'open'; account: Account }
  /** The account's app-state keys arrived and are stored. */
  | { type: 'app_state_keys' }
  /** At least once: after a cut line a message may be told again, under the same chat, author and id. */
  | { type: 'message'; message: InboundMessage }
  /** A device of the other side confirmed one of our messages. */
  | { type: 'receipt'; waMessageId: string; chat: string; kind: 'delivered' | 'read' | 'played' | 'sender' }
  /** Evidence that the account's phone was online; at most one an hour per connection. */
  | { type: 'phone_seen'; at: Date }
  /** What is ill, or well again, without keeping messages from anybody; told on change. */
  | { type: 'health'; health: Partial<SessionHealth> }
  /** WhatsApp held back everything behind one stanza, connection after connection; it was acknowledged unread, so that the rest comes. */
  | { type: 'stanza_given_up' }
  /** Somebody else has sent what only a device of the account may send; nothing of it is heard. `code`: which of these it was. */
  | { type: 'forged_message'; code: string }
  | { type: 'closed'; reason: CloseReason }

export type InboundMessage = {
  waMessageId: string
  /** Chat and author as JIDs without device, in the addressing WhatsApp used. */
  chat: string
  author: string
  fromMe: boolean
  /** Unix seconds, WhatsApp's clock. */
  timestamp: number
  pushName: string | null
  /** `undecryptable`: a placeholder that a resend under the same id may replace. */
  content: { kind: 'text'; text: string } | { kind: 'other'; type: string } | { kind: 'undecryptable' }
}

/**
 * Why a socket ended. A number alone never decides: `plane` says who spoke.
 * `login`: WhatsApp refused the login. `stream`: WhatsApp ended an open stream. `http`: the upgrade was answered with an HTTP status.
 * `local`: this side or the network. `storage`: credentials could not be read or written, the socket was cut so that nothing was acknowledged.
 */
export type CloseReason = {
  plane: 'login' | 'stream' | 'http' | 'local' | 'storage'
  kind: CloseKind
  phase: ClosePhase
  /** WhatsApp's or HTTP's number when there is one. */
  status: number | null
  /** First child of WhatsApp's stream error, which says more than the number. */
  tag?: string
  /** WhatsApp's own words to the owner of a locked account: plain text, at most 300 characters. */
  text?: string
  /** The stanza of ours over which WhatsApp ended the stream, as far as it is known. */
  stanzaId?: string
  /** How long WhatsApp asked to be left alone, at most a day. */
  retryAfterMs?: number
  /** When a restriction ends, as WhatsApp said. */
  until?: Date
  /** What a refusal that nobody has explained carries, for whoever may: names, and values that are short numbers. Nothing else of it. */
  attributes?: string
}

/** Why a socket ended, told by whoever does not know how far the connection had come. */
export type CloseCause = Omit<CloseReason, 'phase'>

/**
 * How far a connection had come. `linking`: no account yet. `syncing`: it logs in, or what waited for it is still being told.
 * `open`: logged in, and WhatsApp has said that nothing more waits.
 */
export type ClosePhase = 'linking' | 'syncing' | 'open'

export type CloseKind =
  | 'restart_required'
  | 'logged_out'
  | 'locked'
  | 'banned'
  | 'restricted'
  | 'engine_outdated'
  /** WhatsApp does not take how this client describes itself: no retry helps, the operator has to act. */
  | 'engine_misconfigured'
  /** WhatsApp refuses this login for a reason of its own kind (413, 414, 415, 418), which may pass or not. */
  | 'login_refused'
  | 'rate_limited'
  /** A device that no account knows yet was turned away: new credentials are needed, nothing is said about any account. */
  | 'registration_refused'
  /** WhatsApp ended the stream over a stanza of ours. */
  | 'stanza_rejected'
  | 'replaced'
  | 'phone_outdated'
  | 'qr_expired'
  | 'pairing_rejected'
  /** The server did not take the pairing code: for this number (400), because there were too many (429), or it never answered. */
  | 'code_refused'
  | 'code_rate_limited'
  | 'code_unanswered'
  | 'code_expired'
  /** WhatsApp wants a passkey confirmed on its own site before it links. */
  | 'passkey_required'
  | 'connection_lost'
  /** The line stood, but nothing answered any more. */
  | 'zombie'
  /** The line stood and answered, but no message came through, or none came at all for unusually long. */
  | 'deaf'
  | 'unreachable'
  | 'server_error'
  /** WhatsApp tries something out (501): like a server error, and worth an operator's look. */
  | 'server_experimental'
  | 'undecodable_frame'
  | 'storage_error'
  /** A stored value does not open: changed, moved or sealed with another key. Nothing is retried. */
  | 'storage_damaged'
  | 'fenced'
  | 'closed_by_us'
  | 'unknown'

/** Nobody confirmed that the device left the account. */
export class LogoutUnconfirmedError extends Error {
  override readonly name = 'LogoutUnconfirmedError'
  readonly code = 'logout_unconfirmed'

  constructor(cause?: unknown) {
    super('WhatsApp has not confirmed that the device was removed from the account.', { cause })
  }
}
