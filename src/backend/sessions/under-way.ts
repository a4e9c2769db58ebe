import type { SessionId } from '../../contract/ids.js'

/** Logins that one event loop gets through within their deadline even on a slow machine; on a quick one they end faster than turns come. */
export const mostConnectsUnderWay = 40

/** After this long a connect is not waited for: whatever has become of it, nobody told. */
const longestMs = 30_000

/**
 * Connects that have begun and not ended. A login takes processor time on one event loop: when more begin than it gets through, all of them
 * come to the end of their patience together, and the work is begun again.
 */
export class UnderWay {
  readonly #most: number
  readonly #until = new Map<SessionId, number>()

  constructor(most: number) {
    this.#most = most
  }

  get isFull(): boolean {
    if (this.#until.size < this.#most) return false
    const now = performance.now()
    for (const [sessionId, until] of this.#until) if (until <= now) this.#until.delete(sessionId)
    return this.#until.size >= this.#most
  }

  begin(sessionId: SessionId): void {
    this.#until.set(sessionId, performance.now() + longestMs)
  }

  /** It is open, or came to nothing. */
  end(sessionId: SessionId): void {
    this.#until.delete(sessionId)
  }
}
