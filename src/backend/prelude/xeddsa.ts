import { createPublicKey, verify } from 'node:crypto'

const p = 2n ** 255n - 19n
const signBit = 0x80

/**
 * Whether an XEdDSA signature is genuine. The Montgomery key is mapped to its Edwards twin, whose sign travels in the top bit of the
 * signature, and OpenSSL verifies plain Ed25519: twenty times as fast as the JavaScript of libsignal, which was half of what a login
 * costs. Works on public values only. Source: the XEdDSA specification, section 2.3.
 * @param publicKey 32 bytes
 */
export function verifyXeddsa(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  const plain = Buffer.from(signature)
  const last = plain.readUInt8(63)
  plain.writeUInt8(last & ~signBit, 63)
  const x = edwardsTwin(publicKey, last & signBit).toString('base64url')
  try {
    return verify(null, message, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }), plain)
  } catch {
    // no point of the curve
    return false
  }
}

/** y = (u - 1) / (u + 1), and the sign of x in the top bit. */
function edwardsTwin(publicKey: Uint8Array, sign: number): Buffer {
  const u = BigInt(`0x${Buffer.from(publicKey.toReversed()).toString('hex')}`) & (2n ** 255n - 1n)
  const y = ((u - 1n + p) * inverse(u + 1n)) % p
  const bytes = Buffer.from(Buffer.from(y.toString(16).padStart(64, '0'), 'hex').toReversed())
  bytes.writeUInt8(bytes.readUInt8(31) | sign, 31)
  return bytes
}

/** By Euclid's extended algorithm: the exponentiation of the textbook takes five times as long. Of zero: zero. */
function inverse(value: bigint): bigint {
  let [rest, next, factor, nextFactor] = [p, value % p, 0n, 1n]
  while (next > 0n) {
    const quotient = rest / next
    ;[rest, next] = [next, rest - quotient * next]
    ;[factor, nextFactor] = [nextFactor, factor - quotient * nextFactor]
  }
  return rest === 1n ? (factor + p) % p : 0n
}
