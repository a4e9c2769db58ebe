import type { KnownPlace } from './admission-store.js'
import type { Leaving, Place } from './admission.js'

type Held = KnownPlace & { granted: boolean; onTurn: () => void }

/** The places of this node as it knows them: what runs here is decided here, the table follows. */
export class NodePlaces {
  readonly #places = new Map<string, Held>()
  /** Attempts that have left, and whether their start stays counted. */
  readonly #left = new Map<string, Leaving>()

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
    return [...this.#left.keys()]
  }

  /** Those among them that are not to be counted. */
  get unused(): string[] {
    return this.left.filter(sessionId => this.#left.get(sessionId)?.used === false)
  }

  /** @param mayGiveBack asked once, of a place that leaves unused: whether its start is really counted no more */
  add({ sessionId, subjects, position, granted }: KnownPlace, mayGiveBack: () => boolean): Place {
    let onTurn = () => {}
    const turn = new Promise<void>(resolve => (onTurn = resolve))
    const held: Held = { sessionId, subjects, position, granted, onTurn }
    this.#places.set(sessionId, held)
    if (granted) onTurn()
    const leave = ({ used }: Leaving = { used: true }) => {
      if (this.#places.get(sessionId) !== held) return
      this.#places.delete(sessionId)
      this.#left.set(sessionId, { used: used || !mayGiveBack() })
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
    this.#left.set(sessionId, { used: false })
  }

  /** The table names these no longer. */
  forgotten(sessionIds: readonly string[]): void {
    for (const sessionId of sessionIds) this.#left.delete(sessionId)
  }

  leaveAll(): void {
    for (const sessionId of this.#places.keys()) this.#left.set(sessionId, { used: true })
    this.#places.clear()
  }

  /** Takes over what the table grants. @returns the places that it does not name */
  follow(stored: ReadonlyMap<string, boolean>): KnownPlace[] {
    for (const [sessionId, granted] of stored) {
      const place = this.#places.get(sessionId)
      if (place === undefined) this.#left.set(sessionId, this.#left.get(sessionId) ?? { used: true })
      else if (granted && !place.granted) {
        place.granted = true
        place.onTurn()
      }
    }
    return [...this.#places.values()].filter(({ sessionId }) => !stored.has(sessionId))
  }
}
