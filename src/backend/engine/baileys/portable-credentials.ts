import type { SessionSource } from '../../../session/index.js'
import type { KeyStore } from '../keystore.js'
import type { AuthState } from './auth-state.js'
import { decodeKeyValue } from './key-values.js'

/** What a session-ID string carries: credentials, app-state keys, the seed of the pre-keys. Never Signal sessions or sender keys. */
export async function portableCredentials(auth: AuthState, store: KeyStore): Promise<SessionSource> {
  const type = 'app-state-sync-key'
  // credentials may name a key whose commit is under way
  await auth.saved()
  const rows = await store.readAll(type)
  const appStateSyncKeys = Object.fromEntries([...rows].map(([id, bytes]) => [id, decodeKeyValue(type, bytes)]))
  return {
    // the phone tells its history once, to this server: whoever restores the session must not hold messages back for 20 s to wait for it
    creds: { ...auth.creds, accountSyncCounter: Math.max(1, auth.creds.accountSyncCounter) },
    appStateSyncKeys: appStateSyncKeys as SessionSource['appStateSyncKeys'],
    lidMapping: null,
    preKeys: auth.preKeys(),
  }
}
