import type { Family } from '../accounts/jid.js'

/** Enough of a sent message to encrypt it again for a device that could not read it. */
export type SentMessage = { id: string; family: Family; chat: string; content: Buffer }

type SavedMessage = Omit<SentMessage, 'content'> & { content: string }

const REMEMBERED = 5_000
const MAX_RESENDS = 5

/** The phone's memory for retry receipts: its latest messages, and how often each device asked for them. */
export class SentMessages {
  readonly #messages = new Map<string, SentMessage>()
  readonly #asked = new Map<string, number>()

  add(message: SentMessage): void {
    this.#messages.set(message.id, message)
    const [oldest] = this.#messages.keys()
    if (this.#messages.size > REMEMBERED && oldest !== undefined) this.#messages.delete(oldest)
  }

  /** The message to send again, unless this device asked too often or nobody knows the id. */
  again(id: string, requester: string): SentMessage | undefined {
    const name = `${id} ${requester}`
    const asked = (this.#asked.get(name) ?? 0) + 1
    this.#asked.set(name, asked)
    return asked > MAX_RESENDS ? undefined : this.#messages.get(id)
  }

  save(): SavedMessage[] {
    return [...this.#messages.values()].map(held => ({ ...held, content: held.content.toString('base64') }))
  }

  restore(saved: SavedMessage[]): void {
    for (const held of saved) this.add({ ...held, content: Buffer.from(held.content, 'base64') })
  }
}
