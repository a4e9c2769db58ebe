import { jidDecode, type AuthenticationCreds } from '@whiskeysockets/baileys'
import type { KeyChanges, KeyStore } from '../keystore.js'

type Stored = Pick<KeyStore, 'read' | 'readMany'>

/**
 * The few keys that Baileys reads one by one in every login, read in one question and kept: a thousand sessions that come back at once ask
 * the database for a fifth. Only the store's owner writes them, so what is kept here is what is stored.
 * Sources: `lib/Socket/socket.js` after `CB:success`, `lib/Socket/messages-recv.js` for the index of tokens.
 */
export class LoginKeys {
  readonly #store: Stored
  readonly #wanted: ReadonlyMap<string, readonly string[]>
  /** Kept ones of which no change is under way. */
  readonly #settled: Set<string>
  readonly #changed = new Map<string, Uint8Array | null>()
  #loading: ReturnType<Stored['readMany']> | null = null
  #loaded: Awaited<ReturnType<Stored['readMany']>> | null = null

  constructor(store: Stored, { me }: Pick<AuthenticationCreds, 'me'>) {
    this.#store = store
    const own = me === undefined ? undefined : jidDecode(me.id)
    this.#wanted =
      own === undefined
        ? new Map()
        : new Map([
            ['tctoken', ['__index']],
            ['lid-mapping', [own.user]],
            ['device-list', [own.user]],
            ['session', [`${own.user}.${own.device ?? 0}`]],
          ])
    this.#settled = new Set([...this.#wanted].flatMap(([type, ids]) => ids.map(id => nameOf(type, id))))
  }

  async read(type: string, ids: readonly string[]): Promise<Map<string, Uint8Array>> {
    if (ids.length === 0 || !ids.every(id => this.#settled.has(nameOf(type, id)))) return this.#store.read(type, ids)
    this.#loaded ??= await (this.#loading ??= this.#store.readMany(this.#wanted))
    const found = new Map<string, Uint8Array>()
    for (const id of ids) {
      const value = this.#kept(type, id)
      if (value !== null) found.set(id, value)
    }
    return found
  }

  /** Leaves out what is stored already: Baileys writes its own device list again in every login. */
  news(keys: KeyChanges): KeyChanges {
    const isNews = (type: string, id: string, value: Uint8Array | null) => {
      if (this.#loaded === null || !this.#settled.has(nameOf(type, id))) return true
      const kept = this.#kept(type, id)
      return kept === null || value === null ? kept !== value : !Buffer.from(kept).equals(value)
    }
    return new Map(
      [...keys].map(([type, values]) => [type, new Map([...values].filter(([id, value]) => isNews(type, id, value)))]),
    )
  }

  /** Runs a commit: what it changes is asked of the store until it is through. */
  async during(keys: KeyChanges, commit: () => Promise<void>): Promise<void> {
    const kept = [...keys].flatMap(([type, values]) =>
      [...values].flatMap(([id, value]) => {
        const name = nameOf(type, id)
        return this.#isKept(type, id) ? [{ name, value }] : []
      }),
    )
    for (const { name } of kept) this.#settled.delete(name)
    await commit()
    for (const { name, value } of kept) {
      this.#changed.set(name, value)
      this.#settled.add(name)
    }
  }

  #kept(type: string, id: string): Uint8Array | null {
    const changed = this.#changed.get(nameOf(type, id))
    return changed === undefined ? (this.#loaded?.get(type)?.get(id) ?? null) : changed
  }

  #isKept(type: string, id: string): boolean {
    return this.#wanted.get(type)?.includes(id) === true
  }
}

function nameOf(type: string, id: string): string {
  return `${type} ${id}`
}
