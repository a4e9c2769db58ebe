import { randomInt } from 'node:crypto'
import type { AuthenticationCreds, AuthenticationState } from '@whiskeysockets/baileys'
import { decodeSessionId, type DecodeOptions } from './decode-session-id.js'
import { MAX_PRE_KEY_ID } from './derive-pre-key.js'
import { encodeSessionId } from './encode-session-id.js'
import { memoryKeys } from './memory-keys.js'
import { seededPreKeys } from './seeded-pre-keys.js'
import type { AppStateSyncKeys, SessionContents, SessionIdString } from './session-contents.js'
import { readStateFile, stateFile, type SessionState } from './state-file.js'

export type UseSessionIdOptions = DecodeOptions & {
  /**
   * Where to keep the state between starts: one file with everything in it, for its owner's eyes only, written anew after
   * every change. One process at a time. Without it the state lives in memory: after a restart contacts' messages may
   * need a retry, because Signal sessions begin anew.
   */
  file?: string
}

export type UsedSessionId = {
  state: AuthenticationState
  /** For `creds.update`. Writes the file; without one there is nothing to do. */
  saveCreds: () => Promise<void>
  /**
   * The session as a string as it is now, for whoever runs it next, such as the gateway that takes it back. Stop the socket before: what
   * changes after the string was made is not in it. As secret as the string it came from.
   *
   * @throws SessionIdError `too_long`
   */
  sessionId: () => Promise<SessionIdString>
}

/** Ids left free above a random first one: more than Baileys ever makes of its own. */
const ROOM_FOR_OWN_KEYS = 1_000_000

/**
 * A Baileys auth state out of a session ID string. Nothing else may be connected with the same session meanwhile.
 *
 * A compact string carries the seed of its one-time pre-keys: they are derived when needed, top-ups included, so that
 * new contacts reach this device from the first message on. The plain forms carry no pre-keys; Baileys makes its own,
 * with ids that start at a random place: ids known to WhatsApp from earlier runs are not given to other keys, and a first
 * message for a key that is gone needs a retry.
 *
 * @throws SessionIdError for the string, `unreadable_state_file` for the file, the file system's own errors, and
 *   PreKeyError `ids_exhausted` for an account without free pre-key ids.
 */
export async function useSessionId(sessionId: string, options: UseSessionIdOptions = {}): Promise<UsedSessionId> {
  const contents = decodeSessionId(sessionId, options)
  const kept = options.file === undefined ? undefined : await readStateFile(options.file, contents.creds)
  const { creds, keys: initial, preKeys } = kept ?? firstState(contents)
  const seeded = preKeys ? seededPreKeys({ ...preKeys, creds }) : undefined
  const keys = memoryKeys(initial, seeded, () => save())
  const current = (): SessionState => ({
    creds,
    keys: keys.stored(),
    preKeys: seeded ? { seed: seeded.seed, usedIds: seeded.usedIds() } : null,
  })
  const file = options.file === undefined ? undefined : stateFile(options.file, current)
  const save = async (): Promise<void> => file?.save()
  await save()
  const sessionIdNow = async (): Promise<SessionIdString> => {
    const { preKeys: now, keys: stored } = current()
    // the store gives back what was set under the type
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const appStateSyncKeys = (stored['app-state-sync-key'] ?? {}) as AppStateSyncKeys
    return encodeSessionId({ creds, appStateSyncKeys, lidMapping: null, preKeys: now }, options)
  }
  return { state: { creds, keys: keys.store }, saveCreds: save, sessionId: sessionIdNow }
}

function firstState({ creds, appStateSyncKeys, lidMapping, preKeys }: SessionContents): SessionState {
  const mapping = lidMapping ? { [lidMapping.pn]: lidMapping.lid, [`${lidMapping.lid}_reverse`]: lidMapping.pn } : {}
  return {
    creds: preKeys ? creds : withUnknownIds(creds),
    keys: { 'app-state-sync-key': appStateSyncKeys, 'lid-mapping': mapping },
    preKeys,
  }
}

function withUnknownIds(creds: AuthenticationCreds): AuthenticationCreds {
  const lowest = Math.max(creds.nextPreKeyId, creds.firstUnuploadedPreKeyId)
  const highest = MAX_PRE_KEY_ID - ROOM_FOR_OWN_KEYS
  const next = lowest < highest ? randomInt(lowest, highest) : lowest
  return { ...creds, nextPreKeyId: next, firstUnuploadedPreKeyId: next }
}
