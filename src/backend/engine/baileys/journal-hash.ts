import { createHash } from 'node:crypto'

export type Received = {
  /** The group of a sender-key message; `null` for one that a ratchet encrypted. */
  group: string | null
  /** The device that encrypted it. */
  author: string
  type: string
  ciphertext: Uint8Array
}

/**
 * The journal's key: SHA-256 over group, author, type and ciphertext, each behind its length. The author belongs in it: whoever resends
 * another member's bytes must not be answered with that member's words.
 */
export function journalHash({ group, author, type, ciphertext }: Received): Buffer {
  const hash = createHash('sha256')
  for (const part of [group ?? '', author, type, ciphertext]) {
    const bytes = Buffer.from(part)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    hash.update(length).update(bytes)
  }
  return hash.digest()
}
