import type { CacheStore } from '@whiskeysockets/baileys'

/** Far more than devices ask for at a time; who asked longest ago is forgotten first. */
const capacity = 1_000

/**
 * How often a device has asked for a message again, for Baileys, which refuses it from its `maxMsgRetryCount` on. Left to itself Baileys counts
 * anew on each connection, so that a line that is lost often would answer one device without end.
 */
export class RetryCounts implements CacheStore {
  readonly #counts = new Map<string, unknown>()

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- Baileys' own signature
  get<Value>(key: string): Value | undefined {
    return this.#counts.get(key) as Value | undefined
  }

  set(key: string, value: unknown): void {
    this.#counts.delete(key)
    this.#counts.set(key, value)
    const [oldest] = this.#counts.keys()
    if (this.#counts.size > capacity && oldest !== undefined) this.#counts.delete(oldest)
  }

  del(key: string): void {
    this.#counts.delete(key)
  }

  flushAll(): void {
    this.#counts.clear()
  }
}
