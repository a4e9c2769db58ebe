/**
 * Serialises work per Signal address. Encrypting and decrypting run in two transaction layers of Baileys over one store; without a lock
 * a send racing a receive of the same contact overwrites the other's ratchet and the phone cannot read what follows.
 */
export class AddressLock {
  readonly #tails = new Map<string, Promise<void>>()

  async run<Result>(address: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#tails.get(address) ?? Promise.resolve()
    const result = before.then(work)
    const tail = result.then(
      () => {},
      () => {},
    )
    this.#tails.set(address, tail)
    try {
      return await result
    } finally {
      if (this.#tails.get(address) === tail) this.#tails.delete(address)
    }
  }
}
