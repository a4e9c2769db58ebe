/**
 * What comes of asking for a code is told no sooner than this after it was asked, whatever it is: otherwise the time would tell
 * whether a number is known to WhatsApp, or was asked for here before.
 */
const usualMs = 1_000

export class EvenTiming {
  readonly #askedAt = performance.now()

  constructor(private readonly soonestMs = usualMs) {}

  async wait(): Promise<void> {
    const leftMs = this.soonestMs - (performance.now() - this.#askedAt)
    if (leftMs > 0) await new Promise(resolve => setTimeout(resolve, leftMs))
  }
}
