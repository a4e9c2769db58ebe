import type { KeyStore } from '../../src/backend/engine/keystore.js'

export type Change = Parameters<KeyStore['commit']>[0]

/** The same store, with these methods taken over; they may pass the call on to the store itself. */
export function withHands(keys: KeyStore, hands: Partial<KeyStore>): KeyStore {
  return new Proxy(keys, {
    get(target, name) {
      const taken: unknown = Reflect.get(hands, name)
      if (taken !== undefined) return taken
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** Stops the first commit that fits, until it is let go. */
export class HeldCommit {
  readonly reached: Promise<Change>
  readonly #released: Promise<void>
  #reach: (change: Change) => void = () => {}
  #release: () => void = () => {}
  #fits: (change: Change) => boolean

  constructor(fits: (change: Change) => boolean) {
    this.#fits = fits
    this.reached = new Promise(resolve => (this.#reach = resolve))
    this.#released = new Promise(resolve => (this.#release = resolve))
  }

  readonly wrap = (keys: KeyStore): KeyStore =>
    withHands(keys, {
      commit: async change => {
        if (this.#fits(change)) {
          this.#fits = () => false
          this.#reach(change)
          await this.#released
        }
        await keys.commit(change)
      },
    })

  release(): void {
    this.#release()
  }
}
