import { createHash } from 'node:crypto'
import type { BinaryNode } from '@whiskeysockets/baileys'
import type { JournalEntry } from '../keystore.js'

type Stanza = NonNullable<JournalEntry['stanza']>

/** More than a socket can have under way: only stanzas that are never decrypted stay behind. */
const capacity = 2_000

/**
 * Remembers which stanza each ciphertext came in, by its hash alone: who sent it is not proven yet. The Signal layer sees ciphertexts only;
 * the journal needs the ids to rebuild a message after a crash.
 */
export class StanzaNotes {
  readonly #byHash = new Map<string, Stanza>()
  readonly #onTaken: (id: string) => void

  /** @param onTaken a ciphertext of this stanza has reached the Signal layer */
  constructor(onTaken: (id: string) => void = () => {}) {
    this.#onTaken = onTaken
  }

  note(node: BinaryNode): void {
    if (!Array.isArray(node.content)) return
    const { id, from, participant, recipient, t } = node.attrs
    if (id === undefined || from === undefined) return
    for (const child of node.content) {
      if (child.tag !== 'enc' || !(child.content instanceof Uint8Array)) continue
      const key = keyOf(child.content)
      // whoever resends bytes that are still under way does not put their own name on them
      if (this.#byHash.has(key)) continue
      if (this.#byHash.size >= capacity) this.#dropOldest()
      const stanza = {
        id,
        from,
        participant: participant ?? null,
        recipient: recipient ?? null,
        timestamp: Number(t ?? 0),
      }
      this.#byHash.set(key, stanza)
    }
  }

  /** Forgets it as well, so call it once for each ciphertext, readable or not. */
  take(ciphertext: Uint8Array): Stanza | null {
    const key = keyOf(ciphertext)
    const stanza = this.#byHash.get(key) ?? null
    this.#byHash.delete(key)
    if (stanza !== null) this.#onTaken(stanza.id)
    return stanza
  }

  #dropOldest(): void {
    const [oldest] = this.#byHash.keys()
    if (oldest !== undefined) this.#byHash.delete(oldest)
  }
}

function keyOf(ciphertext: Uint8Array): string {
  return createHash('sha256').update(ciphertext).digest('hex')
}
