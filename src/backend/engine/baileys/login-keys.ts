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
  #loaded: ReturnType<Stored['readMany']> | null = null

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
    const loaded = (await (this.#loaded ??= this.#store.readMany(this.#wanted))).get(type)
    const found = new Map<string, Uint8Array>()
    for (const id of ids) {
      const changed = this.#changed.get(nameOf(type, id))
      const value = changed === undefined ? loaded?.get(id) : changed
      if (value !== undefined && value !== null) found.set(id, value)
    }
    return found
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

  #isKept(type: string, id: string): boolean {
    return this.#wanted.get(type)?.includes(id) === true
  }
}

function nameOf(type: string, id: string): string {
  return `${type} ${id}`
}
