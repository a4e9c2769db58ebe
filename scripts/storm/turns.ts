import { setTimeout as delay } from 'node:timers/promises'

export type Turn = {
  /** @throws Error when there was nothing for it to do */
  work: () => Promise<void>
  /** Asked at each of its turns; `false`: not any more. */
  isDue: () => boolean
  /** Told why there was nothing to do. */
  onMiss: (why: string) => void
}

const againMs = 3_000

/** At each place one thing happens after the other. What had nothing to do goes to the end of what waits there, and is tried again. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>()

  constructor(private readonly pauseMs = againMs) {}

  add(place: string, turn: Turn): void {
    const before = this.#last.get(place) ?? Promise.resolve()
    this.#last.set(
      place,
      before.then(() => this.#take(place, turn)),
    )
  }

  /** Resolves when nothing happens at any place any more. */
  async over(): Promise<void> {
    for (let seen: Promise<void>[] = []; ;) {
      const last = [...this.#last.values()]
      if (last.every(each => seen.includes(each))) return
      await Promise.all(last)
      seen = last
    }
  }

  async #take(place: string, turn: Turn): Promise<void> {
    if (!turn.isDue()) return
    try {
      return await turn.work()
    } catch (error) {
      turn.onMiss(error instanceof Error ? error.message : 'failed')
    }
    await delay(this.pauseMs)
    this.add(place, turn)
  }
}
