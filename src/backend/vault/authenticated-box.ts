import { createCipheriv, createDecipheriv, randomBytes, type KeyObject } from 'node:crypto'
import { VaultError } from './vault-error.js'

const ALGORITHM = 'aes-256-gcm'
const NONCE_LENGTH = 12
const TAG_LENGTH = 16

/** Bytes a box adds to its plaintext. */
export const BOX_OVERHEAD = NONCE_LENGTH + TAG_LENGTH

/**
 * AES-256-GCM as `nonce(12) | ciphertext | tag(16)`. The nonce is always random: one repeated under the same key would
 * give the authentication key away.
 */
export function closeBox(key: KeyObject, associated: Uint8Array, plaintext: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE_LENGTH)
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_LENGTH })
  cipher.setAAD(associated)
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

/** @throws VaultError `tampered` unless key, associated data and every byte are those of `closeBox`. */
export function openBox(key: KeyObject, associated: Uint8Array, box: Uint8Array): Buffer {
  const end = box.length - TAG_LENGTH
  if (end < NONCE_LENGTH) throw new VaultError('tampered')
  const decipher = createDecipheriv(ALGORITHM, key, box.subarray(0, NONCE_LENGTH), { authTagLength: TAG_LENGTH })
  decipher.setAAD(associated)
  decipher.setAuthTag(box.subarray(end))
  const plaintext = decipher.update(box.subarray(NONCE_LENGTH, end))
  try {
    return Buffer.concat([plaintext, decipher.final()])
  } catch {
    // OpenSSL says only "unable to authenticate"; which of the inputs was wrong cannot be known.
    throw new VaultError('tampered')
  }
}

/** Joins fields with their lengths, so that no two lists of fields give the same bytes. */
export function lengthPrefixed(fields: readonly (string | Uint8Array)[]): Buffer {
  const lengths = fields.map(field => (typeof field === 'string' ? Buffer.byteLength(field) : field.length))
  const joined = Buffer.alloc(lengths.reduce((sum, length) => sum + 4 + length, 0))
  let at = 0
  for (const [index, field] of fields.entries()) {
    at = joined.writeUInt32BE(lengths[index] ?? 0, at)
    if (typeof field === 'string') at += joined.write(field, at)
    else {
      joined.set(field, at)
      at += field.length
    }
  }
  return joined
}
