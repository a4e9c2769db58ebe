import type { SessionSource } from '../../../session/index.js'
import { appStateKeyType } from '../engine.js'
import type { KeyStore } from '../keystore.js'
import type { AuthState } from './auth-state.js'
import type { CredentialsRecord } from './credentials.js'
import { decodeKeyValue } from './key-values.js'

type KeyData = SessionSource['appStateSyncKeys'][string]

/** App-state keys that fit beside everything else into the 4,000 characters of a string; an old account may hold many more. */
const keysCarried = 40

/** What a session-ID string carries: credentials, app-state keys, the seed of the pre-keys. Never Signal sessions or sender keys. */
export async function portableCredentials(auth: AuthState, store: KeyStore): Promise<SessionSource> {
  // credentials may name a key whose commit is under way
  await auth.saved()
  return portableSource({ creds: auth.creds, preKeys: auth.preKeys() }, await store.readAll(appStateKeyType))
}

/** The same of a session's stored values, whether it is connected or not. */
export function portableSource(
  { creds, preKeys }: CredentialsRecord,
  rows: ReadonlyMap<string, Uint8Array>,
): SessionSource {
  const keys = [...rows].map(([id, bytes]) => [id, decodeKeyValue(appStateKeyType, bytes) as KeyData] as const)
  const appStateSyncKeys = Object.fromEntries(newest(keys, creds.myAppStateKeyId))
  return {
    // the phone tells its history once, to this server: whoever restores the session must not hold messages back for 20 s to wait for it
    creds: { ...creds, accountSyncCounter: Math.max(1, creds.accountSyncCounter) },
    appStateSyncKeys,
    lidMapping: null,
    preKeys: { seed: preKeys.seed, usedIds: preKeys.usedIds },
  }
}

/** The key in use and the newest of the others: patches are written with the former and rarely need an old one to be read. */
function newest(
  keys: readonly (readonly [string, KeyData])[],
  inUse: string | undefined,
): readonly (readonly [string, KeyData])[] {
  const age = ([id, key]: readonly [string, KeyData]) => (id === inUse ? Infinity : Number(key.timestamp ?? 0))
  return keys.toSorted((a, b) => age(b) - age(a)).slice(0, keysCarried)
}
