import type { BinaryNode } from '@whiskeysockets/baileys'
import type { JournalEntry } from '../keystore.js'
import { journalHash } from './journal-hash.js'

type Stanza = NonNullable<JournalEntry['stanza']>

/** More than a socket can have under way: only stanzas that are never decrypted stay behind. */
const capacity = 2_000

/**
 * Remembers, by the hash of each ciphertext, which stanza it came in. The Signal layer sees ciphertexts only; the journal needs the ids
 * to rebuild a message after a crash.
 */
export class StanzaNotes {
  readonly #byHash = new Map<string, Stanza>()

  note(node: BinaryNode): void {
    if (!Array.isArray(node.content)) return
    const { id, from, participant, recipient, t } = node.attrs
    if (id === undefined || from === undefined) return
    for (const child of node.content) {
      if (child.tag !== 'enc' || !(child.content instanceof Uint8Array)) continue
      if (this.#byHash.size >= capacity) this.#dropOldest()
      const stanza = {
        id,
        from,
        participant: participant ?? null,
        recipient: recipient ?? null,
        timestamp: Number(t ?? 0),
      }
      this.#byHash.set(journalHash(child.content).toString('hex'), stanza)
    }
  }

  take(hash: Buffer): Stanza | null {
    const key = hash.toString('hex')
    const stanza = this.#byHash.get(key) ?? null
    this.#byHash.delete(key)
    return stanza
  }

  #dropOldest(): void {
    const [oldest] = this.#byHash.keys()
    if (oldest !== undefined) this.#byHash.delete(oldest)
  }
}
