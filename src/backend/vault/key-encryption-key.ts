import { createSecretKey, type KeyObject } from 'node:crypto'
import { closeBox, lengthPrefixed, openBox } from './authenticated-box.js'
import { purposeBytes, purposeKey } from './purpose-key.js'
import { idOf, type Scope } from './scope.js'
import { VaultError } from './vault-error.js'

const MINIMUM_SECRET_LENGTH = 32
const DATA_KEY_LENGTH = 32
const WRAP_VERSION = 1

/** The key that wraps data keys, and never anything else. Holds no readable key bytes. */
export interface KeyEncryptionKey {
  /** Public fingerprint of the secret: 16 hexadecimal digits, derived apart from the key itself. */
  readonly id: string
  wrap(scope: Scope, keyId: string, dataKey: Uint8Array): Buffer
  /** @throws VaultError `unknown_format`, `tampered` (also for a row moved to another scope or id). */
  unwrap(scope: Scope, keyId: string, wrapped: Uint8Array): KeyObject
  /** A key for one other purpose, named by a label of its own. */
  derive(label: string): KeyObject
}

/** @throws VaultError `weak_secret` below 32 bytes. */
export function keyEncryptionKey(secret: Uint8Array): KeyEncryptionKey {
  if (secret.length < MINIMUM_SECRET_LENGTH) throw new VaultError('weak_secret')
  const root = createSecretKey(secret)
  const key = purposeKey(root, 'key-encryption-key/1')
  const id = purposeBytes(root, 'key-encryption-key-id/1', 8).toString('hex')
  const associated = (scope: Scope, keyId: string): Buffer =>
    lengthPrefixed(['whizlite/data-key', Uint8Array.of(WRAP_VERSION), ...idOf(scope), keyId, id])
  return {
    id,
    wrap(scope, keyId, dataKey) {
      return Buffer.concat([Uint8Array.of(WRAP_VERSION), closeBox(key, associated(scope, keyId), dataKey)])
    },
    unwrap(scope, keyId, wrapped) {
      if (wrapped.at(0) !== WRAP_VERSION) throw new VaultError('unknown_format')
      const dataKey = openBox(key, associated(scope, keyId), wrapped.subarray(1))
      if (dataKey.length !== DATA_KEY_LENGTH) throw new VaultError('unknown_format')
      return createSecretKey(dataKey)
    },
    derive: label => purposeKey(root, label),
  }
}
