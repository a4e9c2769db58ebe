import type { Node } from '../wire/node-codec.js'

export type QueuedTag = 'message' | 'receipt' | 'notification'

/** Stanzas a companion has not acknowledged yet, oldest first; they outlive its connections. */
export class StanzaQueue {
  #stanzas: Node[] = []

  get size(): number {
    return this.#stanzas.length
  }

  add(stanza: Node): void {
    this.#stanzas.push(stanza)
  }

  all(): readonly Node[] {
    return this.#stanzas
  }

  /** Removes and answers the oldest stanza that fits; each acknowledgement settles one delivery. */
  settle(tag: QueuedTag, id: string | undefined, fits: (stanza: Node) => boolean = () => true): Node | undefined {
    const index = this.#stanzas.findIndex(stanza => stanza.tag === tag && stanza.attrs['id'] === id && fits(stanza))
    return index < 0 ? undefined : this.#stanzas.splice(index, 1)[0]
  }

  clear(): void {
    this.#stanzas = []
  }
}
