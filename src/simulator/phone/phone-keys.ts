import { randomBytes, randomInt } from 'node:crypto'
import type { KeyBundle } from '../accounts/pre-keys.js'
import { generateKeyPair, sign, signalKey, type KeyPair } from '../wire/curve.js'

const SIGNED_PRE_KEY_ID = 1

type AppStateKey = { keyId: Buffer; keyData: Buffer; timestamp: number }
type SignedPair = KeyPair & { signature: Buffer }

/** A phone's own keys, each made the first time something needs it: most simulated phones never need most of them. */
export class PhoneKeys {
  #identity: KeyPair | undefined
  #signedPreKey: SignedPair | undefined
  #appState: AppStateKey | undefined
  readonly #preKeys = new Map<number, KeyPair>()
  #nextPreKeyId = 1
  registrationId = randomInt(1, 16_380)
  /** ties the devices of one account together in ADV details and app state fingerprints */
  rawId = randomInt(1, 2 ** 31)

  /** Identity of the phone, and at the same time the account's signature key. */
  get identity(): KeyPair {
    return (this.#identity ??= generateKeyPair())
  }

  get signedPreKey(): SignedPair {
    if (!this.#signedPreKey) {
      const pair = generateKeyPair()
      this.#signedPreKey = { ...pair, signature: sign(this.identity.privateKey, signalKey(pair.publicKey)) }
    }
    return this.#signedPreKey
  }

  /** The key the account's devices encrypt app state with. */
  get appState(): AppStateKey {
    return (this.#appState ??= { keyId: randomBytes(6), keyData: randomBytes(32), timestamp: Date.now() })
  }

  preKey(id: number): KeyPair | undefined {
    return this.#preKeys.get(id)
  }

  dropPreKey(id: number): void {
    this.#preKeys.delete(id)
  }

  /** Public keys for one sender, with a one-time key made for it. */
  takeBundle(): KeyBundle {
    const keyId = this.#nextPreKeyId++
    const preKey = generateKeyPair()
    this.#preKeys.set(keyId, preKey)
    const { publicKey, signature } = this.signedPreKey
    return {
      registrationId: this.registrationId,
      identity: this.identity.publicKey,
      signedPreKey: { keyId: SIGNED_PRE_KEY_ID, publicKey, signature },
      preKey: { keyId, publicKey: preKey.publicKey },
    }
  }

  save(): SavedPhoneKeys {
    const app = this.#appState
    return {
      registrationId: this.registrationId,
      rawId: this.rawId,
      nextPreKeyId: this.#nextPreKeyId,
      preKeys: [...this.#preKeys].map(([id, pair]) => ({ id, ...savePair(pair) })),
      ...(this.#identity ? { identity: savePair(this.#identity) } : {}),
      ...(this.#signedPreKey
        ? { signedPreKey: { ...savePair(this.#signedPreKey), signature: text(this.#signedPreKey.signature) } }
        : {}),
      ...(app ? { appState: { keyId: text(app.keyId), keyData: text(app.keyData), timestamp: app.timestamp } } : {}),
    }
  }

  static restore(saved: SavedPhoneKeys): PhoneKeys {
    const keys = new PhoneKeys()
    const { identity, signedPreKey, appState } = saved
    keys.registrationId = saved.registrationId
    keys.rawId = saved.rawId
    keys.#nextPreKeyId = saved.nextPreKeyId
    for (const pair of saved.preKeys) keys.#preKeys.set(pair.id, readPair(pair))
    if (identity) keys.#identity = readPair(identity)
    if (signedPreKey) {
      keys.#signedPreKey = { ...readPair(signedPreKey), signature: bytes(signedPreKey.signature) }
    }
    if (appState) {
      const { keyId, keyData, timestamp } = appState
      keys.#appState = { keyId: bytes(keyId), keyData: bytes(keyData), timestamp }
    }
    return keys
  }
}

type SavedPair = { publicKey: string; privateKey: string }

export type SavedPhoneKeys = {
  registrationId: number
  rawId: number
  nextPreKeyId: number
  preKeys: (SavedPair & { id: number })[]
  identity?: SavedPair
  signedPreKey?: SavedPair & { signature: string }
  appState?: { keyId: string; keyData: string; timestamp: number }
}

const text = (value: Buffer): string => value.toString('base64')
const bytes = (value: string): Buffer => Buffer.from(value, 'base64')

function savePair(pair: KeyPair): SavedPair {
  return { publicKey: text(pair.publicKey), privateKey: text(pair.privateKey) }
}

function readPair(saved: SavedPair): KeyPair {
  return { publicKey: bytes(saved.publicKey), privateKey: bytes(saved.privateKey) }
}
