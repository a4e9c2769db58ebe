import type { AuthenticationCreds, KeyPair } from '@whiskeysockets/baileys'
import { derivePreKey, MAX_PRE_KEY_ID, PRE_KEY_SEED_LENGTH, type PreKeyPair } from './derive-pre-key.js'
import { IdRanges, runOf, type IdRange } from './id-ranges.js'
import { PreKeyError } from './pre-key-error.js'

/**
 * How far `nextPreKeyId` stays ahead of `firstUnuploadedPreKeyId`. Baileys 7 makes random keys only for what is missing
 * between the two (`lib/Utils/signal.js`, `generateOrGetPreKeys`); it asks for 812 on a bare server, 5 on a top-up and
 * 1 for a retry receipt, so a distance of 812 + 5 always covers the next request.
 */
export const PRE_KEY_RESERVE = 812 + 5

/** The two counters of Baileys' credentials that decide which pre-keys exist. */
export type PreKeyCounters = Pick<AuthenticationCreds, 'nextPreKeyId' | 'firstUnuploadedPreKeyId'>

/** The value of a `pre-key` entry in `SignalKeyStore.set`: ids to key pairs, null to delete. */
export type PreKeyChanges = { [id: string]: KeyPair | null }

export type SeededPreKeysInput = {
  /** 32 bytes. */
  seed: Uint8Array
  /** Ids that were used up already, or are not to be answered for, in any order. */
  usedIds: Iterable<IdRange>
  /** The live credentials object Baileys mutates; its `nextPreKeyId` becomes an accessor that keeps the reserve. */
  creds: PreKeyCounters
  /** Keys derived earlier (a warm batch) that spare a derivation; must come from the same seed. */
  lookup?: (id: number) => PreKeyPair | undefined
}

/** The pre-keys of one session, derived on demand. Holds no key, only the seed and the used ids. */
export interface SeededPreKeys {
  readonly seed: Buffer
  /** Answers `keys.get('pre-key', ids)`: keys whose id lies below `nextPreKeyId` and was never used; others are absent. */
  get(ids: readonly string[]): { [id: string]: PreKeyPair }
  /**
   * Judges `keys.set({ 'pre-key': changes })` and changes nothing, so that a database can commit between this and
   * `markUsed`: returns the ids to mark as used (each once, those already used left out).
   *
   * @throws PreKeyError `foreign_key` for bytes other than the derived ones, `id_reused` for a used id, `bad_id`.
   */
  judge(changes: PreKeyChanges): number[]
  /** Marks ids as used for good; a second time is harmless. */
  markUsed(ids: Iterable<IdRange>): void
  /** Used ids, ascending. */
  usedIds(): IdRange[]
  /** Raises `nextPreKeyId` of credentials that are not the live object (a copy about to be stored). */
  reserve(creds: PreKeyCounters): void
}

/**
 * Pre-keys that are never stored: WhatsApp gets keys derived from one seed, whoever holds the seed and the used ids
 * can answer for all of them, and every later top-up comes from the same seed.
 *
 * Baileys moves `firstUnuploadedPreKeyId` in place and may ask for more keys before anyone saved the credentials;
 * therefore the reserve is an accessor on the live object and holds at every moment, not only after a save.
 *
 * @throws PreKeyError `bad_seed`, `bad_id` (a used id out of range), `ids_exhausted` (no room left for a reserve; also
 *   thrown later, by reading `nextPreKeyId`).
 */
export function seededPreKeys({ seed, usedIds, creds, lookup }: SeededPreKeysInput): SeededPreKeys {
  if (seed.length !== PRE_KEY_SEED_LENGTH) throw new PreKeyError('bad_seed')
  const ownSeed = Buffer.from(seed)
  const used = new IdRanges()
  const pairOf = (id: number): PreKeyPair => lookup?.(id) ?? derivePreKey(ownSeed, id)
  const markUsed = (ranges: Iterable<IdRange>): void => {
    for (const range of ranges) {
      const { first, last } = runOf(range)
      if (validId(first) > validId(last)) throw new PreKeyError('bad_id')
      used.add(range)
    }
  }
  markUsed(usedIds)
  keepReserve(creds)
  return {
    seed: ownSeed,
    get(ids) {
      const found: { [id: string]: PreKeyPair } = {}
      const next = creds.nextPreKeyId
      for (const text of ids) {
        const id = Number(text)
        if (Number.isInteger(id) && id >= 1 && id < next && !used.has(id)) found[id] = pairOf(id)
      }
      return found
    },
    judge(changes) {
      const toMark = new Set<number>()
      for (const [text, pair] of Object.entries(changes)) {
        const id = validId(Number(text))
        if (pair === null) {
          if (!used.has(id)) toMark.add(id)
          continue
        }
        if (used.has(id)) throw new PreKeyError('id_reused')
        const own = pairOf(id)
        if (!own.private.equals(pair.private) || !own.public.equals(pair.public)) throw new PreKeyError('foreign_key')
      }
      return [...toMark]
    },
    markUsed,
    usedIds: () => used.list(),
    reserve(copy) {
      copy.nextPreKeyId = Math.max(copy.nextPreKeyId, reservedNext(copy.firstUnuploadedPreKeyId))
    },
  }
}

function keepReserve(creds: PreKeyCounters): void {
  let highest = creds.nextPreKeyId
  const next = (): number => (highest = Math.max(highest, reservedNext(creds.firstUnuploadedPreKeyId)))
  next()
  Object.defineProperty(creds, 'nextPreKeyId', {
    enumerable: true,
    configurable: true,
    get: next,
    set(value: number) {
      // Ids are never given twice, so an older value written over a newer one does not count.
      highest = Math.max(highest, value)
    },
  })
}

function reservedNext(firstUnuploadedPreKeyId: number): number {
  const next = firstUnuploadedPreKeyId + PRE_KEY_RESERVE
  if (next > MAX_PRE_KEY_ID + 1) throw new PreKeyError('ids_exhausted')
  return next
}

function validId(id: number): number {
  if (!Number.isInteger(id) || id < 1 || id > MAX_PRE_KEY_ID) throw new PreKeyError('bad_id')
  return id
}
