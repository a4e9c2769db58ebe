import type { CacheStore } from '@whiskeysockets/baileys'

/** Messages that the account's phone is asked for at a time; each is asked for once, and forgotten after ten seconds. */
const mostAtOnce = 20

/**
 * What Baileys has asked the phone for, because it could not read it. It would ask for each of ten thousand messages that somebody sends to
 * that end, and everything that is to be sent would wait behind the questions: beyond some at a time they are taken for asked already.
 */
export class ResendRequests implements CacheStore {
  readonly #asked = new Map<string, unknown>()

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- Baileys' own signature
  get<Value>(key: string): Value | undefined {
    const asked = this.#asked.get(key) ?? (this.#asked.size >= mostAtOnce || undefined)
    return asked as Value | undefined
  }

  set(key: string, value: unknown): void {
    this.#asked.set(key, value)
  }

  del(key: string): void {
    this.#asked.delete(key)
  }

  flushAll(): void {
    this.#asked.clear()
  }
}
