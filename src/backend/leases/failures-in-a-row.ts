const everyMs = 60_000

/** Of the same failure again and again the first is worth a line, and then one a minute: more would hide everything else. */
export class FailuresInARow {
  readonly #now: () => number
  #count = 0
  #saidAt = 0

  /** @param now milliseconds, of a clock that cannot be set */
  constructor(now = () => performance.now()) {
    this.#now = now
  }

  /** @returns how many there were, with this one, when that is to be said; `null`: not yet */
  another(): number | null {
    const now = this.#now()
    this.#count++
    if (this.#count > 1 && now - this.#saidAt < everyMs) return null
    this.#saidAt = now
    return this.#count
  }

  /** It works again. */
  over(): void {
    this.#count = 0
  }
}
