import { RetryCounts } from './retry-counts.js'

/** What is known of a session from its earlier connections of this process. */
export type SessionMemory = {
  /** The usual pause between two stanzas; null as long as none was seen. */
  usualGapMs: number | null
  /** When the last stanza came, or was given up waiting for. */
  heardAt: number | null
  /** Connections in a row that were cut as deaf. */
  deafInARow: number
  /** The message that WhatsApp told first of all that waited, and how often it did although it had been refused. */
  first: { id: string; refused: number } | null
  retries: RetryCounts
  /** When each collection of app state was read anew from its beginning. */
  resyncedAt: Map<string, number>
  /** Collections of app state that the phone was asked for and has not told yet. */
  askedPhone: Set<string>
}

/** More sessions than one process runs; the one that connected longest ago is forgotten first. */
const capacity = 10_000

const fresh = (): SessionMemory => ({
  usualGapMs: null,
  heardAt: null,
  deafInARow: 0,
  first: null,
  retries: new RetryCounts(),
  resyncedAt: new Map(),
  askedPhone: new Set(),
})

export class WatchMemory {
  readonly #sessions = new Map<string, SessionMemory>()

  /** @param name of the session, the same for all its connections */
  of(name: string): SessionMemory {
    const known = this.#sessions.get(name) ?? fresh()
    this.#sessions.delete(name)
    this.#sessions.set(name, known)
    const [oldest] = this.#sessions.keys()
    if (this.#sessions.size > capacity && oldest !== undefined) this.#sessions.delete(oldest)
    return known
  }
}
