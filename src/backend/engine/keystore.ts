import type { Credentials } from './engine.js'

/** One change of Signal material: type → id → value, `null` deletes. Values are bytes; the store seals each one on its own. */
export type KeyChanges = ReadonlyMap<string, ReadonlyMap<string, Uint8Array | null>>

/** A decrypted message's plaintext, kept so that a redelivered ciphertext is answered from here instead of failing. */
export type JournalEntry = {
  /** SHA-256 of address, type and ciphertext. */
  hash: Uint8Array
  plaintext: Uint8Array
  /** The stanza it came in, so that a message can be rebuilt after a crash. Ids and JIDs only. */
  stanza: { id: string; from: string; participant: string | null; recipient: string | null; timestamp: number } | null
}

/** A plaintext with the stanza it came in. */
export type JournalledMessage = Pick<JournalEntry, 'plaintext'> & { stanza: NonNullable<JournalEntry['stanza']> }

/**
 * Credentials and Signal keys of ONE session, sealed in PostgreSQL and nowhere else.
 *
 * Duties of an implementation:
 * - a read either finds, or proves absence by a successful look-up, or throws: an error is never an absence;
 * - one `commit` is one transaction, fenced by the session's lease epoch: all of it or nothing;
 * - credentials follow the newest stored ones: a store that has not seen those writes none over them, whoever wrote them;
 * - every call ends within `deadlineMs`; a call that fails or runs out of time makes the store *failed*: every later call throws, and
 *   `onFailure` is told before the failing call rejects, so that the socket is cut before anything can be acknowledged.
 */
export interface KeyStore {
  /** The credentials as loaded or last committed. */
  readonly credentials: Credentials
  read(type: string, ids: readonly string[]): Promise<Map<string, Uint8Array>>
  /** Keys of several types in one question; what is absent is left out. */
  readMany(wanted: ReadonlyMap<string, readonly string[]>): Promise<Map<string, Map<string, Uint8Array>>>
  readJournal(hash: Uint8Array): Promise<Uint8Array | null>
  /** Reads every id of one type. For the few small types a session-ID string carries. */
  readAll(type: string): Promise<Map<string, Uint8Array>>
  commit(change: { credentials?: Credentials; keys?: KeyChanges; journal?: readonly JournalEntry[] }): Promise<void>
  /** Resolves when everything handed to `commit` so far is stored; rejects when the store failed. */
  settled(): Promise<void>
  onFailure(listener: (error: Error) => void): void
  /** Stores nothing any more: every later call throws `fenced`. `onFailure` is told. */
  abandon(): void
}

/**
 * `storage_error` may pass; `storage_damaged` does not: a value cannot be opened. `fenced`: another node runs the session now.
 * `stale_credentials`: newer ones than this store has seen are stored; whoever loads them goes on.
 */
export type StorageErrorCode = 'storage_error' | 'storage_damaged' | 'fenced' | 'stale_credentials'

/** A key-store call failed or ran out of time. Carries no value. */
export class StorageError extends Error {
  override readonly name = 'StorageError'
  readonly code: StorageErrorCode

  constructor(code: StorageErrorCode, message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}
