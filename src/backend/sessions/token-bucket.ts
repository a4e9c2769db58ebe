/** So many a second on average, and so many at once after a quiet time. As many may be owed: what happened anyway is paid for later. */
export class TokenBucket {
  readonly #perMs: number
  readonly #burst: number
  readonly #now: () => number
  #tokens: number
  #filledAt: number

  /** @param now milliseconds of a clock that never steps back */
  constructor(perSecond: number, burst: number, now: () => number = () => performance.now()) {
    this.#perMs = perSecond / 1_000
    this.#burst = burst
    this.#now = now
    this.#tokens = burst
    this.#filledAt = now()
  }

  take(): void {
    this.#fill()
    this.#tokens = Math.max(-this.#burst, this.#tokens - 1)
  }

  /** Milliseconds until there is a token; 0 when there is one. */
  wait(): number {
    this.#fill()
    return this.#tokens >= 1 ? 0 : Math.ceil((1 - this.#tokens) / this.#perMs)
  }

  #fill(): void {
    const now = this.#now()
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#filledAt) * this.#perMs)
    this.#filledAt = now
  }
}
