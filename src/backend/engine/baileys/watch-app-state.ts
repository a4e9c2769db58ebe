import type { BinaryNode, WASocket } from '@whiskeysockets/baileys'
import type { SessionHealth } from '../../../contract/sessions.js'

/** Answers of one collection in a row that promise more. An account of years takes a handful. */
const mostRounds = 50

/** How Baileys says that it gave a collection up, or has it. Source: `resyncAppState` in its `Socket/chats.js`. */
const givenUp = /^(?:(\S+) blocked on missing key .* parking|failed to sync (\S+) .* giving up)/
const synced = /^(?:synced|restored state of) (\S+) /

export type AppStateWatchDeps = { socket: WASocket; onHealth: (health: SessionHealth['appState']) => void }

/**
 * Tells whether the account's app state can be read, and ends a reading without end: Baileys goes on as long as WhatsApp promises more
 * patches, and every message that is to be sent waits meanwhile (reliability F-06, T-38).
 */
export class AppStateWatch {
  readonly #onHealth: AppStateWatchDeps['onHealth']
  /** By collection: answers in a row that promised more. */
  readonly #rounds = new Map<string, number>()
  /** Collections that were ended here, and have not come to an end of their own since. */
  readonly #endless = new Set<string>()
  readonly #givenUp = new Set<string>()
  /** The last file that belongs to it did not come. */
  #fileMissing = false
  #told: SessionHealth['appState'] | null = null

  constructor({ socket, onHealth }: AppStateWatchDeps) {
    this.#onHealth = onHealth
    // before Baileys looks at the same node
    socket.ws.prependListener('frame', (frame: BinaryNode | Uint8Array) => {
      if ('tag' in frame && frame.tag === 'iq' && Array.isArray(frame.content)) this.#count(frame.content)
    })
  }

  /** Words that Baileys logs. */
  said(words: string): void {
    const lost = givenUp.exec(words)
    const had = lost === null ? synced.exec(words)?.[1] : undefined
    if (lost === null && had === undefined) return
    if (lost !== null) this.#givenUp.add(lost[1] ?? lost[2] ?? '')
    if (had !== undefined) this.#givenUp.delete(had)
    this.#tell()
  }

  /** Whether a file that belongs to it has come. */
  onFile(came: boolean): void {
    this.#fileMissing = !came
    this.#tell()
  }

  #count([sync]: BinaryNode[]): void {
    if (sync?.tag !== 'sync' || !Array.isArray(sync.content)) return
    for (const { tag, attrs } of sync.content) {
      const name = attrs['name']
      if (tag !== 'collection' || name === undefined) continue
      const promises = attrs['has_more_patches'] === 'true'
      const rounds = promises ? (this.#rounds.get(name) ?? 0) + 1 : 0
      this.#rounds.set(name, rounds % mostRounds)
      if (!promises) this.#endless.delete(name)
      if (rounds < mostRounds) continue
      attrs['has_more_patches'] = 'false'
      this.#endless.add(name)
      this.#tell()
    }
  }

  #tell(): void {
    const health = this.#fileMissing || this.#endless.size + this.#givenUp.size > 0 ? 'failing' : 'ok'
    if (this.#told === health) return
    this.#told = health
    this.#onHealth(health)
  }
}
