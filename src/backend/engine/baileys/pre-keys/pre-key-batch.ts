import { randomBytes } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { derivePreKey, PRE_KEY_SEED_LENGTH, type PreKeyPair } from '../../../../session/derive-pre-key.js'

/** The first one-time pre-keys of a session to come: a fresh seed and, ready to use, its keys 1 to `count`. */
export type PreKeyBatch = {
  /** 32 bytes. */
  seed: Buffer
  /** 64 bytes for each id in order, private before public: 52 kB for 812 keys. */
  keys: Buffer
}

export const PRE_KEY_LENGTH = 64

/** Keys derived before other work gets its turn, about a millisecond's worth. */
const SLICE = 16

/** Key `id` of a batch; undefined for an id the batch does not hold. Fits `lookup` of `seededPreKeys`. */
export function preKeyOf({ keys }: PreKeyBatch, id: number): PreKeyPair | undefined {
  const start = (id - 1) * PRE_KEY_LENGTH
  if (!Number.isInteger(id) || start < 0 || start + PRE_KEY_LENGTH > keys.length) return undefined
  // Copies, so that one kept key does not hold the whole batch in memory.
  return {
    private: Buffer.from(keys.subarray(start, start + 32)),
    public: Buffer.from(keys.subarray(start + 32, start + PRE_KEY_LENGTH)),
  }
}

/** A batch made on this thread, in slices: the way out when there is no worker. */
export async function deriveBatch(count: number): Promise<PreKeyBatch> {
  const batch = { seed: randomBytes(PRE_KEY_SEED_LENGTH), keys: Buffer.alloc(count * PRE_KEY_LENGTH) }
  for (let id = 1; id <= count; id += 1) {
    const pair = derivePreKey(batch.seed, id)
    pair.private.copy(batch.keys, (id - 1) * PRE_KEY_LENGTH)
    pair.public.copy(batch.keys, (id - 1) * PRE_KEY_LENGTH + 32)
    if (id % SLICE === 0) await nextTurn()
  }
  return batch
}
