import { createPrivateKey, createPublicKey, diffieHellman, verify as nodeVerify, type KeyObject } from 'node:crypto'
import * as curve from 'libsignal/src/curve.js'
import { quietSignal } from '../quiet-signal.js'

quietSignal()

/** Curve25519, 32 bytes each, no type prefix. */
export type KeyPair = { publicKey: Buffer; privateKey: Buffer }

const SIGNAL_TYPE = 5
const P = 2n ** 255n - 19n

export function generateKeyPair(): KeyPair {
  const pair = curve.generateKeyPair()
  return { publicKey: Buffer.from(pair.pubKey.subarray(1)), privateKey: Buffer.from(pair.privKey) }
}

/** The 33-byte form Signal uses: a type byte in front. */
export function signalKey(publicKey: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([SIGNAL_TYPE]), publicKey])
}

/** The secret both sides can compute. As JSON web keys, since OpenSSL takes ten times as long over DER. */
export function agree(own: KeyPair, publicKey: Uint8Array): Buffer {
  const x = base64url(own.publicKey)
  const privateKey = createPrivateKey({
    key: { kty: 'OKP', crv: 'X25519', x, d: base64url(own.privateKey) },
    format: 'jwk',
  })
  return diffieHellman({ privateKey, publicKey: publicKeyObject('X25519', publicKey) })
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

function publicKeyObject(crv: 'X25519' | 'Ed25519', bytes: Uint8Array): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv, x: base64url(bytes) }, format: 'jwk' })
}

/** XEdDSA, 64 bytes, deterministic. */
export function sign(privateKey: Buffer, message: Uint8Array): Buffer {
  return Buffer.from(curve.calculateSignature(privateKey, message))
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let square = base % P, rest = exponent; rest > 0n; rest >>= 1n, square = (square * square) % P) {
    if (rest & 1n) result = (result * square) % P
  }
  return result
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt('0x' + Buffer.from(bytes.toReversed()).toString('hex'))
}

/**
 * Checks an XEdDSA signature: the Montgomery key is mapped to its Edwards twin, whose sign travels in the top bit of the
 * signature (XEdDSA specification, section 2.3), and Node verifies plain Ed25519; about 20 times as fast as libsignal's JavaScript.
 */
export function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  const u = littleEndian(publicKey) & (2n ** 255n - 1n)
  const y = ((u - 1n + P) * power(u + 1n, P - 2n)) % P
  const edwards = Buffer.from(Buffer.from(y.toString(16).padStart(64, '0'), 'hex').toReversed())
  const plain = Buffer.from(signature)
  edwards[31] = ((edwards[31] ?? 0) & 0x7f) | ((plain[63] ?? 0) & 0x80)
  plain[63] = (plain[63] ?? 0) & 0x7f
  try {
    return nodeVerify(null, message, publicKeyObject('Ed25519', edwards), plain)
  } catch {
    return false
  }
}
