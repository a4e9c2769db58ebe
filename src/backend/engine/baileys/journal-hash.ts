import { createHash } from 'node:crypto'

/** The journal's key of a ciphertext. A ciphertext is unique: it carries its own ratchet key, counter and MAC. */
export function journalHash(ciphertext: Uint8Array): Buffer {
  return createHash('sha256').update(ciphertext).digest()
}
