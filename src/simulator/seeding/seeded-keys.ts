import { hkdfSync } from 'node:crypto'
import { publicHalf, type KeyPair } from '../wire/curve.js'

const KEY_BYTES = 32

/** Key pairs that come out of a seed and a name, the same ones every time. */
export class SeededKeys {
  constructor(private readonly seed: string) {}

  bytes(name: string, size = KEY_BYTES): Buffer {
    return Buffer.from(hkdfSync('sha256', this.seed, 'whizlite-simulator', name, size))
  }

  pair(name: string): KeyPair {
    const privateKey = this.bytes(name)
    // the form every Curve25519 private key is stored in
    privateKey[0] = (privateKey[0] ?? 0) & 248
    privateKey[31] = ((privateKey[31] ?? 0) & 127) | 64
    return { privateKey, publicKey: publicHalf('X25519', privateKey) }
  }
}
