import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'

/**
 * A key for one purpose alone, from a secret that all nodes share: HKDF-SHA-256 (RFC 5869) without salt. Nobody gets from it to the secret, or to
 * the key of another purpose.
 * @param label names the purpose and the version of its form, such as `admission/subjects/1`; what was made with the key hangs on it
 */
export function purposeKey(secret: Uint8Array | KeyObject, label: string): KeyObject {
  return createSecretKey(purposeBytes(secret, label, 32))
}

/** As `purposeKey`, for what is not a key. */
export function purposeBytes(secret: Uint8Array | KeyObject, label: string, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `whizlite/${label}`, length))
}
