import { createPrivateKey, hkdfSync } from 'node:crypto'
import { PreKeyError } from './pre-key-error.js'

/** A one-time pre-key as Baileys keeps it: 32 private bytes (clamped) and 32 public bytes (no type byte). */
export type PreKeyPair = { private: Buffer; public: Buffer }

/** Bytes of the seed from which all one-time pre-keys of a session follow. */
export const PRE_KEY_SEED_LENGTH = 32

/** Highest id: WhatsApp carries pre-key ids in three bytes. */
export const MAX_PRE_KEY_ID = 0xff_ff_ff

/**
 * Public key of a raw 32-byte X25519 private key. Goes through JWK because OpenSSL reads that without its DER decoders,
 * seven times faster; the empty `x` is ignored for a private key and computed on export.
 */
export function x25519PublicKey(privateKey: Uint8Array): Buffer {
  const d = Buffer.from(privateKey).toString('base64url')
  const jwk = createPrivateKey({ key: { kty: 'OKP', crv: 'X25519', d, x: '' }, format: 'jwk' }).export({
    format: 'jwk',
  })
  return Buffer.from(jwk.x ?? '', 'base64url')
}

/**
 * One-time pre-key `id` of a session: HKDF-SHA256 of the 32-byte seed (empty salt, label `prekey/<id>`), clamped
 * as RFC 7748 asks, and its X25519 public key. The same seed and id give the same key everywhere and for ever:
 * servers and bots that share a seed rely on this definition.
 *
 * @throws PreKeyError `bad_seed` when the seed is not 32 bytes, `bad_id` when the id is not an integer in 1..0xffffff.
 */
export function derivePreKey(seed: Uint8Array, id: number): PreKeyPair {
  if (seed.length !== PRE_KEY_SEED_LENGTH) throw new PreKeyError('bad_seed')
  if (!Number.isInteger(id) || id < 1 || id > MAX_PRE_KEY_ID) throw new PreKeyError('bad_id')
  const scalar = Buffer.from(hkdfSync('sha256', seed, '', `prekey/${id}`, 32))
  scalar[0] = scalar.readUInt8(0) & 248
  scalar[31] = (scalar.readUInt8(31) & 127) | 64
  return { private: scalar, public: x25519PublicKey(scalar) }
}
