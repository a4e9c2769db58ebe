import { createHash } from 'node:crypto'

/** Random numbers that come out of a seed: the same calls in the same order give the same answers. */
export class Chance {
  #state: number

  constructor(seed: string) {
    this.#state = createHash('sha256').update(seed).digest().readUInt32BE(0)
  }

  /** from 0 up to, not including, 1 (mulberry32) */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** from `least` to `most`, both included */
  integer(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  /** @throws Error for an empty list */
  pick<T>(list: readonly T[]): T {
    const found = list[Math.floor(this.next() * list.length)]
    if (found === undefined) throw new Error('there is nothing to choose from')
    return found
  }

  /** The same things in another order; two or more are never left as they were. */
  shuffled<T>(list: readonly T[]): T[] {
    const keyed = list.map((value, index) => ({ value, index, key: this.next() }))
    const mixed = keyed.toSorted((one, other) => one.key - other.key)
    const same = mixed.every(({ index }, place) => index === place)
    return (same ? mixed.toReversed() : mixed).map(({ value }) => value)
  }
}
