/**
 * Serialises work per Signal address. Encrypting and decrypting run in two transaction layers of Baileys over one store; without a lock
 * a send racing a receive of the same contact overwrites the other's ratchet and the phone cannot read what follows.
 */
export class AddressLock {
  readonly #tails = new Map<string, Promise<void>>()

  /** Runs `work` alone on all these addresses. They are queued for in one step, so nobody can hold one and wait for another in a circle. */
  async run<Result>(addresses: readonly string[], work: () => Promise<Result>): Promise<Result> {
    const before = Promise.all(addresses.map(address => this.#tails.get(address) ?? Promise.resolve()))
    const result = before.then(work)
    const tail = result.then(
      () => {},
      () => {},
    )
    for (const address of addresses) this.#tails.set(address, tail)
    try {
      return await result
    } finally {
      for (const address of addresses) if (this.#tails.get(address) === tail) this.#tails.delete(address)
    }
  }
}
