/** What has arrived and who is waiting for it. Nothing that came before the question is missed. */
export class Mailbox<Item> {
  readonly #items: Item[] = []
  readonly #waiting = new Set<() => void>()

  constructor(readonly what: string) {}

  put(item: Item): void {
    this.#items.push(item)
    for (const check of this.#waiting) check()
  }

  all(): readonly Item[] {
    return this.#items
  }

  /** The first item, past or future, that fits. */
  waitFor(fits: (item: Item) => boolean, timeoutMs = 30_000, name = this.what): Promise<Item> {
    return new Promise((resolve, reject) => {
      const check = () => {
        const found = this.#items.find(fits)
        if (found === undefined) return
        finish()
        resolve(found)
      }
      const finish = () => {
        clearTimeout(timer)
        this.#waiting.delete(check)
      }
      const timer = setTimeout(() => {
        finish()
        reject(new Error(`no ${name} within ${timeoutMs} ms; ${this.#items.length} other ${this.what}s came`))
      }, timeoutMs)
      this.#waiting.add(check)
      check()
    })
  }
}
