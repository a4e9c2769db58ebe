import type { WatchLimits } from './watch-limits.js'
import type { SessionMemory } from './watch-memory.js'

/** How much a new pause changes what is usual. */
const weight = 0.3

/** Stanzas that come at once are one sign of life. */
const togetherMs = 1_000

/**
 * Whether a session has been silent for unusually long. A new connection costs little, and whatever it missed comes with it; if the session
 * was only quiet, the pause becomes part of what is usual, so that an idle account is connected anew a few times and then left alone.
 */
export class SilenceWatch {
  readonly #memory: SessionMemory
  readonly #limits: WatchLimits['silence']
  /** A factor of its own: sessions that fall silent together are not connected anew together. */
  readonly #jitter: number
  #heardAt: number

  constructor(memory: SessionMemory, limits: WatchLimits['silence'], now: number, random: () => number = Math.random) {
    this.#memory = memory
    this.#limits = limits
    this.#jitter = 1 + random()
    this.#heardAt = now
  }

  heard(now: number): void {
    const since = this.#memory.heardAt
    if (since !== null && now - since > togetherMs) this.#learn(now - since)
    this.#memory.heardAt = now
    this.#heardAt = now
  }

  /** Silence counts for nothing until now. */
  restart(now: number): void {
    this.#heardAt = now
  }

  isSilent(now: number): boolean {
    return now - this.#heardAt > this.#limitMs()
  }

  /** It is connected anew for its silence. */
  giveUp(now: number): void {
    this.#learn(now - this.#heardAt)
    this.#memory.heardAt = null
  }

  #limitMs(): number {
    const { leastMs, mostMs, factor, firstGapMs } = this.#limits
    const usual = this.#memory.usualGapMs ?? firstGapMs
    return Math.min(mostMs, Math.max(leastMs, factor * usual)) * this.#jitter
  }

  #learn(gapMs: number): void {
    const usual = this.#memory.usualGapMs
    this.#memory.usualGapMs = usual === null ? gapMs : usual + weight * (gapMs - usual)
  }
}
