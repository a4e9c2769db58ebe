import type { KnownPlace } from './admission-store.js'
import type { Place } from './admission.js'
import type { Subject } from './subjects.js'

type Held = KnownPlace & { granted: boolean; onTurn: () => void }

/** The places of this node as it knows them: what runs here is decided here, the table follows. */
export class NodePlaces {
  readonly #places = new Map<string, Held>()
  readonly #left = new Set<string>()

  /** @param onLeave told of each place that was given back */
  constructor(private readonly onLeave: () => void) {}

  get held(): number {
    return [...this.#places.values()].filter(place => place.granted).length
  }

  get waits(): boolean {
    return this.#places.size > this.held
  }

  /** Attempts that the table may still name although they have left. */
  get left(): string[] {
    return [...this.#left]
  }

  add(sessionId: string, subjects: readonly Subject[], position: string, granted: boolean): Place {
    let onTurn = () => {}
    const turn = new Promise<void>(resolve => (onTurn = resolve))
    const held: Held = { sessionId, subjects, position, granted, onTurn }
    this.#places.set(sessionId, held)
    if (granted) onTurn()
    const leave = () => {
      if (this.#places.get(sessionId) !== held) return
      this.#places.delete(sessionId)
      this.#left.add(sessionId)
      this.onLeave()
    }
    return {
      get granted() {
        return held.granted
      },
      turn,
      leave,
    }
  }

  /** The table may name it, and nothing here does: a start of which nobody knows whether it was stored. */
  disown(sessionId: string): void {
    this.#left.add(sessionId)
  }

  /** The table names these no longer. */
  forgotten(sessionIds: readonly string[]): void {
    for (const sessionId of sessionIds) this.#left.delete(sessionId)
  }

  leaveAll(): void {
    for (const sessionId of this.#places.keys()) this.#left.add(sessionId)
    this.#places.clear()
  }

  /** Takes over what the table grants. @returns the places that it does not name */
  follow(stored: ReadonlyMap<string, boolean>): KnownPlace[] {
    for (const [sessionId, granted] of stored) {
      const place = this.#places.get(sessionId)
      if (place === undefined) this.#left.add(sessionId)
      else if (granted && !place.granted) {
        place.granted = true
        place.onTurn()
      }
    }
    return [...this.#places.values()].filter(({ sessionId }) => !stored.has(sessionId))
  }
}
