import type { MessageMatch, PhoneMessage } from '../control-surface.js'
import { Waiters } from '../waiters.js'

/** A message or the failure to read one, as it reached the phone. */
export type Arrival = Pick<PhoneMessage, 'chat' | 'from' | 'fromMe' | 'id' | 'timestamp'> &
  ({ text: string | null } | { undecryptable: string })

const ORDER = ['sent', 'delivered', 'read'] as const

/** What a person sees on the phone: one bubble per chat, sender and id, whatever arrives how often. */
export class Inbox {
  readonly #bubbles = new Map<string, PhoneMessage>()
  /** bubbles some waiter has been given already */
  readonly #consumed = new Set<PhoneMessage>()
  readonly #waiters = new Waiters<PhoneMessage>()

  all(chat?: string): PhoneMessage[] {
    const bubbles = [...this.#bubbles.values()]
    return bubbles.filter(bubble => chat === undefined || bubble.chat === chat).map(bubble => ({ ...bubble }))
  }

  find(chat: string, from: string, id: string): PhoneMessage | undefined {
    return this.#bubbles.get(key({ chat, from, id }))
  }

  /** Adds or completes a bubble; answers false when a later copy says something else than the first. */
  add(arrival: Arrival): boolean {
    const held = this.#bubbles.get(key(arrival))
    const readable = 'text' in arrival
    if (!held) {
      const { chat, from, fromMe, id, timestamp } = arrival
      const bubble = { chat, from, fromMe, id, timestamp, text: null, copies: 0 }
      const made = readable
        ? { ...bubble, text: arrival.text, copies: 1 }
        : { ...bubble, undecryptable: arrival.undecryptable }
      this.#bubbles.set(key(arrival), made)
      if (readable) this.#waiters.offer(made)
      return true
    }
    if (!readable) return true
    held.copies += 1
    if (held.copies > 1) return held.text === arrival.text
    held.text = arrival.text
    delete held.undecryptable
    this.#waiters.offer(held)
    return true
  }

  /** Moves an own message's status forward, never back. */
  mark(id: string, status: (typeof ORDER)[number]): void {
    for (const bubble of this.#bubbles.values()) {
      if (bubble.id !== id || !bubble.fromMe) continue
      const now = bubble.status === undefined ? -1 : ORDER.indexOf(bubble.status)
      if (ORDER.indexOf(status) > now) bubble.status = status
    }
  }

  /**
   * A readable bubble that fits. With `text`, the `nth` one (from 1) that says so, seen before or not; without, the oldest one
   * no earlier call was given.
   */
  async wait(match: MessageMatch, timeoutMs: number): Promise<PhoneMessage> {
    const { text, from, fromMe, nth = 1 } = match
    const fits = (bubble: PhoneMessage): boolean =>
      bubble.undecryptable === undefined &&
      (text === undefined || bubble.text === text) &&
      (from === undefined || bubble.from === from) &&
      (fromMe === undefined || bubble.fromMe === fromMe)
    const find = (): PhoneMessage | undefined => {
      const fitting = [...this.#bubbles.values()].filter(fits)
      if (text !== undefined) return fitting[nth - 1]
      return fitting.filter(bubble => !this.#consumed.has(bubble))[nth - 1]
    }
    const ready = (): boolean => find() !== undefined
    if (!ready()) await this.#waiters.wait(ready, timeoutMs, () => `a message ${JSON.stringify(match)}`)
    const found = find()
    if (!found) return this.wait(match, timeoutMs)
    if (text === undefined) this.#consumed.add(found)
    return { ...found }
  }

  close(error: Error): void {
    this.#waiters.failAll(error)
  }

  save(): PhoneMessage[] {
    return this.all()
  }

  restore(saved: PhoneMessage[]): void {
    for (const bubble of saved) this.#bubbles.set(key(bubble), bubble)
  }
}

function key({ chat, from, id }: { chat: string; from: string; id: string }): string {
  return `${chat} ${from} ${id}`
}
