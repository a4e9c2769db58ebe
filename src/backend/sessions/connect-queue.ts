import type { ConnectPriority, ConnectRequest } from './connect-pacer.js'
import type { Breaker } from './reaction.js'

export type Waiting = ConnectRequest & { go: () => void }

/** How much earlier somebody must have come to go before one of a higher priority: nobody waits for ever. */
const handicapMs: Readonly<Record<ConnectPriority, number>> = {
  owner_waits: 0,
  pending: 30_000,
  recent: 120_000,
  rest: 300_000,
}

/**
 * What somebody counts as having waited already who has been away for so long: of those that a new owner has taken over together the longest
 * away goes first, however many owners it has been with; but never so much that a lower priority goes before a higher one.
 */
const mostCreditMs = 30_000
const halfCreditMs = 60_000
const creditMs = (awayMs: number) => (mostCreditMs * awayMs) / (awayMs + halfCreditMs)

/** Sessions that wait for their turn to connect. */
export class ConnectQueue {
  readonly #waiting = new Set<Waiting & { due: number; heldBy: Breaker | null }>()

  get size(): number {
    return this.#waiting.size
  }

  /** Resolves at its turn. @throws the signal's reason once it aborts */
  join(request: ConnectRequest, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const leave = () => {
        this.#waiting.delete(waiting)
        signal.removeEventListener('abort', abort)
      }
      const abort = () => {
        leave()
        reject(signal.reason as Error)
      }
      const go = () => {
        leave()
        resolve()
      }
      const { priority, awayMs = 0 } = request
      const due = performance.now() + handicapMs[priority] - creditMs(awayMs)
      const waiting = { ...request, go, due, heldBy: null }
      this.#waiting.add(waiting)
      signal.addEventListener('abort', abort)
    })
  }

  /** Tells everybody who waits what holds them back, each once; `null`: nothing does any more. */
  hold(breaker: Breaker | null): void {
    for (const waiting of this.#waiting) {
      if (waiting.heldBy === breaker) continue
      waiting.heldBy = breaker
      if (breaker !== null) waiting.onHeld?.(breaker)
    }
  }

  /** Whose turn it is. Of those that are equal the one that has been away longest, then the first that came. */
  first(): Waiting | null {
    let first: (Waiting & { due: number }) | null = null
    for (const waiting of this.#waiting) if (first === null || waiting.due < first.due) first = waiting
    return first
  }
}
