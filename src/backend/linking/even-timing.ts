import { setTimeout as delay } from 'node:timers/promises'

/**
 * What comes of asking for a code is told no sooner than this after it was asked, whatever it is: otherwise the time would tell
 * whether a number is known to WhatsApp, or was asked for here before.
 */
const soonestMs = 1_000

export class EvenTiming {
  readonly #askedAt = performance.now()

  async wait(): Promise<void> {
    const leftMs = soonestMs - (performance.now() - this.#askedAt)
    if (leftMs > 0) await delay(leftMs)
  }
}
