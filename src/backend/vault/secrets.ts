import { keyEncryptionKey, type KeyEncryptionKey } from './key-encryption-key.js'
import { VaultError } from './vault-error.js'

/** The deployment's secret, and the one before while it is being replaced; the same on all nodes. */
export type Secrets = { secret: Uint8Array; previous?: Uint8Array | null }

/** The key-encryption keys of both. */
export type KnownKeks = {
  readonly own: KeyEncryptionKey
  readonly ids: readonly string[]
  /** @throws VaultError `wrong_key` for one that neither secret gives */
  of(id: string): KeyEncryptionKey
}

/** @throws VaultError `weak_secret` below 32 bytes */
export function knownKeks({ secret, previous = null }: Secrets): KnownKeks {
  const own = keyEncryptionKey(secret)
  const all = new Map([own, ...(previous === null ? [] : [keyEncryptionKey(previous)])].map(kek => [kek.id, kek]))
  return {
    own,
    ids: [...all.keys()],
    of(id) {
      const kek = all.get(id)
      if (kek === undefined) throw new VaultError('wrong_key')
      return kek
    },
  }
}
