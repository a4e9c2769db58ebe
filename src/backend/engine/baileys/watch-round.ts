/** Looked at over and over, with milliseconds of a clock that never steps back. */
export type Watched = {
  look(now: number): void
  /** The process stood still: what passed meanwhile counts for nothing. */
  stoodStill(): void
}

/** A look that comes so many times later than it was due tells of a process that stood still, and not of any connection. */
const lateTimes = 3

/** One timer for all connections of a process: a thousand timers would cost more than what they watch for. */
export class WatchRound {
  readonly #everyMs: number
  readonly #now: () => number
  readonly #watched = new Set<Watched>()
  #timer: NodeJS.Timeout | null = null
  #lookedAt = 0

  constructor(everyMs: number, now: () => number) {
    this.#everyMs = everyMs
    this.#now = now
  }

  /** @returns ends it; twice is harmless */
  add(watched: Watched): () => void {
    this.#watched.add(watched)
    if (this.#timer === null) {
      this.#lookedAt = performance.now()
      this.#timer = setInterval(() => this.#look(), this.#everyMs).unref()
    }
    return () => this.#remove(watched)
  }

  #look(): void {
    const late = performance.now() - this.#lookedAt > Math.max(1_000, lateTimes * this.#everyMs)
    this.#lookedAt = performance.now()
    const now = this.#now()
    // whoever is found ill leaves the round meanwhile
    for (const watched of this.#watched) {
      if (late) watched.stoodStill()
      watched.look(now)
    }
  }

  #remove(watched: Watched): void {
    this.#watched.delete(watched)
    if (this.#watched.size > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }
}
