import type { KeyPair } from '../wire/curve.js'
import { sign, signalKey } from '../wire/curve.js'
import type { SeededKeys } from './seeded-keys.js'

const SIGNED_PRE_KEY_ID = 1

export type SignedPair = { keyPair: KeyPair; signature: Buffer; keyId: number }

/** The private keys a linked device holds. */
export type DeviceKeys = {
  noise: KeyPair
  pairing: KeyPair
  identity: KeyPair
  signedPreKey: SignedPair
  registrationId: number
  advSecret: Buffer
}

export type SignalIdentity = Pick<DeviceKeys, 'identity' | 'signedPreKey'>

export function signalIdentity(keys: SeededKeys, name: string): SignalIdentity {
  const identity = keys.pair(`${name}/identity`)
  const keyPair = keys.pair(`${name}/signed-pre-key`)
  const signature = sign(identity.privateKey, signalKey(keyPair.publicKey))
  return { identity, signedPreKey: { keyPair, signature, keyId: SIGNED_PRE_KEY_ID } }
}

/** `signal`: a Signal identity the device shares with others; without it one of its own. */
export function deviceKeys(keys: SeededKeys, name: string, signal?: SignalIdentity): DeviceKeys {
  return {
    noise: keys.pair(`${name}/noise`),
    pairing: keys.pair(`${name}/pairing`),
    ...(signal ?? signalIdentity(keys, name)),
    registrationId: keys.bytes(`${name}/registration`, 2).readUInt16BE(0) & 16_383 || 1,
    advSecret: keys.bytes(`${name}/adv-secret`),
  }
}
