/** Who wants to hear of what. A listener that throws keeps nobody else from hearing. */
export class Listeners<Told extends object> {
  readonly #sets = new Map<keyof Told, Set<(value: never) => void>>()

  /** @returns the function that ends it */
  add<Name extends keyof Told>(name: Name, listener: (value: Told[Name]) => void): () => void {
    const set = this.#sets.get(name) ?? new Set()
    this.#sets.set(name, set.add(listener))
    return () => void set.delete(listener)
  }

  tell<Name extends keyof Told>(name: Name, value: Told[Name]): void {
    for (const listener of this.#sets.get(name) ?? []) {
      try {
        listener(value as never)
      } catch (error) {
        // heard by whoever hears of uncaught errors, after the others have been told
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}
