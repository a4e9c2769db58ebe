import type { AuthenticationCreds, SignalDataTypeMap, SignalKeyStore } from '@whiskeysockets/baileys'
import type { PreKeyPair } from '../../../session/derive-pre-key.js'
import { seededPreKeys } from '../../../session/seeded-pre-keys.js'
import type { PreKeyChanges } from '../../../session/seeded-pre-keys.js'
import { StorageError, type JournalEntry, type KeyStore } from '../keystore.js'
import { decodeCredentials, encodeCredentials, type CredentialsRecord } from './credentials.js'
import { LoginKeys } from './login-keys.js'
import { decodeKeyValue, encodeKeyValue, type StoredKeyType } from './key-values.js'

/** Travels through Baileys' key transactions beside the Signal types, so that plaintext and ratchet share one commit. */
export const journalType = 'inbound-journal'

export interface AuthState {
  readonly creds: AuthenticationCreds
  readonly keys: SignalKeyStore
  /** 32 bytes from which all pre-keys of the session follow, and the ids already used. */
  preKeys(): CredentialsRecord['preKeys']
  /** After a take-back, until WhatsApp has been told keys that nobody else can have made. */
  wantsFreshPreKeys(): boolean
  /** Notes that Baileys changed `creds`; they are stored with the next key write, or on their own at the end of this turn. */
  credsChanged(): void
  /** Resolves when all changes so far are stored. */
  saved(): Promise<void>
  /**
   * The connection is over. What has changed is stored; what Baileys still has under way changes nothing any more: the next connection
   * begins with what is stored, and would lose or undo it.
   */
  end(): void
}

/**
 * Baileys' view of one session's key store. Pre-keys are derived, never stored; credentials ride in the transaction of the keys they belong to.
 * @param lookup keys of a warm batch that spare a derivation
 */
export function createAuthState(store: KeyStore, lookup?: (id: number) => PreKeyPair | undefined): AuthState {
  const { creds, preKeys: stored } = decodeCredentials(store.credentials)
  const preKeys = seededPreKeys({ ...stored, creds, ...(lookup && { lookup }) })
  const loginKeys = new LoginKeys(store, creds)
  let dirty = false
  let ended = false
  let given = store.credentials.bytes

  const wantsFreshPreKeys = () => stored.freshFrom !== undefined && creds.firstUnuploadedPreKeyId <= stored.freshFrom
  const currentPreKeys = (): CredentialsRecord['preKeys'] => ({
    seed: preKeys.seed,
    usedIds: preKeys.usedIds(),
    ...(wantsFreshPreKeys() && stored.freshFrom !== undefined && { freshFrom: stored.freshFrom }),
  })

  /** Baileys announces changes that are none, in every login: what is stored already is not written again. */
  const takeCredentials = () => {
    dirty = false
    const credentials = encodeCredentials({ creds, preKeys: currentPreKeys() })
    if (Buffer.from(given).equals(credentials.bytes)) return undefined
    given = credentials.bytes
    return credentials
  }

  const saveCredentials = async () => {
    const credentials = takeCredentials()
    await (credentials === undefined ? store.settled() : store.commit({ credentials }))
  }

  const get = async (type: keyof SignalDataTypeMap, ids: string[]): Promise<Record<string, unknown>> => {
    if (type === 'pre-key') return preKeys.get(ids)
    const rows = await loginKeys.read(type, ids)
    return Object.fromEntries([...rows].map(([id, bytes]) => [id, decodeKeyValue(type, bytes)]))
  }

  const set = async (data: Record<string, Record<string, unknown> | undefined>): Promise<void> => {
    if (ended) throw new StorageError('fenced', 'This connection is over.')
    const used = preKeys.judge((data['pre-key'] ?? {}) as PreKeyChanges)
    preKeys.markUsed(used)
    const keys = new Map<string, Map<string, Uint8Array | null>>()
    for (const [type, values] of Object.entries(data)) {
      if (type === 'pre-key' || type === journalType || values === undefined) continue
      keys.set(
        type,
        new Map(Object.entries(values).map(([id, value]) => [id, encodeOrDelete(type as StoredKeyType, value)])),
      )
    }
    const journal = Object.values(data[journalType] ?? {}) as JournalEntry[]
    const shared = Object.keys(data['app-state-sync-key'] ?? {}).at(-1)
    // the newest key and the word that it is the newest belong together
    if (shared !== undefined) creds.myAppStateKeyId = shared
    const credentials = dirty || used.length > 0 || shared !== undefined ? takeCredentials() : undefined
    const news = loginKeys.news(keys)
    const nothing =
      journal.length === 0 && credentials === undefined && [...news.values()].every(({ size }) => size === 0)
    if (nothing) return store.settled()
    await loginKeys.during(news, () => store.commit({ keys: news, journal, ...(credentials && { credentials }) }))
  }

  return {
    creds,
    keys: { get: get as SignalKeyStore['get'], set },
    preKeys: currentPreKeys,
    wantsFreshPreKeys,
    credsChanged() {
      if (dirty || ended) return
      dirty = true
      queueMicrotask(() => {
        // a failed commit cuts the socket through the store's own listener
        if (dirty) saveCredentials().catch(() => {})
      })
    },
    async saved() {
      // commits are made in order; what changes after this call is not waited for
      await (dirty ? saveCredentials() : store.settled())
    },
    end() {
      ended = true
      // whoever closes the connection waits for it, and hears of its failure
      if (dirty) saveCredentials().catch(() => {})
    },
  }
}

function encodeOrDelete(type: StoredKeyType, value: unknown): Uint8Array | null {
  return value === null || value === undefined ? null : encodeKeyValue(type, value)
}
