import type { KeyPair } from '../wire/curve.js'
import { bigEndian } from '../wire/node-codec.js'
import type { SeededKeys } from './seeded-keys.js'
import { storedJson } from './stored-json.js'

const ID_BYTES = 3

/** One set of one-time keys for every seeded device: making 812 for each would take most of the time. */
export class PreKeyStock {
  /** ids and public halves, as a `PreKeyPool` packs them */
  readonly records: Buffer
  readonly #pairs: KeyPair[]

  constructor(keys: SeededKeys, size: number) {
    this.#pairs = Array.from({ length: size }, (_, index) => keys.pair(`pre-key/${index + 1}`))
    const records = this.#pairs.map(({ publicKey }, index) =>
      Buffer.concat([bigEndian(index + 1, ID_BYTES), publicKey]),
    )
    this.records = Buffer.concat(records)
  }

  get size(): number {
    return this.#pairs.length
  }

  /** By id, as a client's key store holds them. */
  stored(): Record<string, string> {
    return Object.fromEntries(
      this.#pairs.map(({ publicKey, privateKey }, index) => [
        String(index + 1),
        storedJson({ public: publicKey, private: privateKey }),
      ]),
    )
  }
}
