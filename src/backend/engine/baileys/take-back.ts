import { randomBytes } from 'node:crypto'
import type { SessionContents } from '../../../session/index.js'
import { MAX_PRE_KEY_ID, PRE_KEY_SEED_LENGTH } from '../../../session/derive-pre-key.js'
import { IdRanges } from '../../../session/id-ranges.js'
import { PreKeyError } from '../../../session/pre-key-error.js'
import { PRE_KEY_RESERVE } from '../../../session/seeded-pre-keys.js'
import type { Credentials, TakenBack } from '../engine.js'
import { decodeCredentials, encodeCredentials, type CredentialsRecord } from './credentials.js'
import { accountOf } from './jid.js'
import { encodeKeyValue, type StoredKeyType } from './key-values.js'

/**
 * Ids skipped for what a bot may have used since this server last knew: one for each new contact and each retry, so years of them. All ids
 * together (three bytes) are enough for more than 150 take-backs.
 */
const idsSkipped = 100_000

/** Ratchets that a bot has moved on since, and what Baileys asks for again when it is missing. */
const forgotten: readonly StoredKeyType[] = ['session', 'sender-key', 'sender-key-memory', 'device-list']

/** Whether a string and stored credentials are one device of one account: a new link replaces the identity key. */
export function isSameDevice(stored: Credentials, { creds }: SessionContents): boolean {
  const ours = decodeCredentials(stored).creds
  const identity = Buffer.from(ours.signedIdentityKey.public)
  return identity.equals(creds.signedIdentityKey.public) && ours.me?.id === creds.me?.id
}

/**
 * Credentials for a device that somebody else ran meanwhile. A string's own words are newer than what is stored.
 *
 * The seed goes on answering for pre-keys that were surely made from it: those up to the last one that this server, or the string, knows to
 * be uploaded. What follows may have been made by the bot in its own way, so it is left unanswered (a retry brings such a message
 * again), and new keys begin far behind it.
 * @throws PreKeyError `ids_exhausted`
 */
export function takeBack(stored: Credentials | null, string: SessionContents | null): TakenBack {
  const ours = stored === null ? null : decodeCredentials(stored)
  const creds = string?.creds ?? ours?.creds
  const account = accountOf(creds?.me)
  if (creds === undefined || account === null) throw new TypeError('nothing to take back')
  const { seed, usedIds, known } = knownPreKeys(ours, string)
  const counters = [ours?.creds, string?.creds].flatMap(each =>
    each === undefined ? [] : [each.nextPreKeyId, each.firstUnuploadedPreKeyId],
  )
  const next = Math.max(known, ...counters) + idsSkipped
  if (next + PRE_KEY_RESERVE > MAX_PRE_KEY_ID) throw new PreKeyError('ids_exhausted')
  return {
    account,
    forget: forgotten,
    keys: keysOf(string),
    credentials: encodeCredentials({
      creds: { ...creds, firstUnuploadedPreKeyId: next, nextPreKeyId: next },
      preKeys: { seed, usedIds: new IdRanges([...usedIds, [known, next - 1]]).list(), freshFrom: next },
    }),
  }
}

type KnownPreKeys = Pick<CredentialsRecord['preKeys'], 'seed' | 'usedIds'> & {
  /** The first id that may have been made by somebody else. */
  known: number
}

function knownPreKeys(ours: CredentialsRecord | null, string: SessionContents | null): KnownPreKeys {
  if (string?.preKeys) {
    const { seed, usedIds } = string.preKeys
    const alsoUsed = ours !== null && seed.equals(ours.preKeys.seed) ? ours.preKeys.usedIds : []
    return { seed, usedIds: [...usedIds, ...alsoUsed], known: string.creds.firstUnuploadedPreKeyId }
  }
  if (ours !== null) return { ...ours.preKeys, known: ours.creds.firstUnuploadedPreKeyId }
  return { seed: randomBytes(PRE_KEY_SEED_LENGTH), usedIds: [], known: 1 }
}

/** What a string brings besides credentials, in the form in which the key store keeps it. */
function keysOf(string: SessionContents | null): TakenBack['keys'] {
  const keys = new Map<string, Map<string, Uint8Array>>()
  if (string === null) return keys
  const { appStateSyncKeys, lidMapping } = string
  const put = (type: StoredKeyType, values: Record<string, unknown>) =>
    keys.set(type, new Map(Object.entries(values).map(([id, value]) => [id, encodeKeyValue(type, value)])))
  put('app-state-sync-key', appStateSyncKeys)
  if (lidMapping !== null) {
    const { pn, lid } = lidMapping
    put('lid-mapping', { [pn]: lid, [`${lid}_reverse`]: pn })
  }
  return keys
}
