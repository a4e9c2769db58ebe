/** Numbers that one seed decides, in order. */
export class Random {
  #state: number

  constructor(readonly seed: number) {
    this.#state = seed >>> 0
  }

  /** 0 to below 1, by mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** For one that draws on its own, so that whatever it draws changes nothing here. */
  seedOfAnother(): number {
    return Math.floor(this.next() * 2 ** 32)
  }

  /** A whole number from `from` to `to`, both possible. */
  between(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1))
  }

  /** All of these, in some order. */
  shuffled<Item>(items: readonly Item[]): Item[] {
    const rest = [...items]
    return items.flatMap(() => rest.splice(this.between(0, rest.length - 1), 1))
  }

  /** One of these. @throws RangeError when there is none */
  oneOf<Item>(items: readonly Item[]): Item {
    const index = this.between(0, items.length - 1)
    const item = items[index]
    if (item === undefined) throw new RangeError('there is nothing to choose from')
    return item
  }
}
