import { createCipheriv, createDecipheriv, hkdfSync, pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'

/** Cryptography of linking by pairing code; the layouts are what Baileys and whatsmeow send and take. */

const derive = promisify(pbkdf2)
const ITERATIONS = 131_072
const KEY_BYTES = 32
const SALT_BYTES = 32
const IV_BYTES = 16
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** salt, IV, and the key under AES-256-CTR */
export const WRAPPED_KEY_BYTES = SALT_BYTES + IV_BYTES + KEY_BYTES
/** salt, nonce, three keys under AES-256-GCM, tag */
export const BUNDLE_BYTES = SALT_BYTES + NONCE_BYTES + 3 * KEY_BYTES + TAG_BYTES

export type KeyBundleContents = { companionIdentity: Buffer; primaryIdentity: Buffer; random: Buffer }

function codeKey(code: string, salt: Uint8Array): Promise<Buffer> {
  return derive(Buffer.from(code), salt, ITERATIONS, KEY_BYTES, 'sha256')
}

/** Hides an ephemeral public key under a code: 80 bytes. Nothing in them tells whether a code that opens them is the right one. */
export async function wrapKey(code: string, publicKey: Uint8Array): Promise<Buffer> {
  const salt = randomBytes(SALT_BYTES)
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-ctr', await codeKey(code, salt), iv)
  return Buffer.concat([salt, iv, cipher.update(publicKey), cipher.final()])
}

/** The other direction; a wrong code yields 32 other bytes. */
export async function unwrapKey(code: string, wrapped: Uint8Array): Promise<Buffer> {
  const salt = wrapped.subarray(0, SALT_BYTES)
  const iv = wrapped.subarray(SALT_BYTES, SALT_BYTES + IV_BYTES)
  const cipher = createDecipheriv('aes-256-ctr', await codeKey(code, salt), iv)
  return Buffer.concat([cipher.update(wrapped.subarray(SALT_BYTES + IV_BYTES)), cipher.final()])
}

/** Opens the companion's bundle; undefined when it was not made for this shared secret, which is how a wrong code shows. */
export function openBundle(ephemeralSecret: Uint8Array, bundle: Buffer): KeyBundleContents | undefined {
  const salt = bundle.subarray(0, SALT_BYTES)
  const info = 'link_code_pairing_key_bundle_encryption_key'
  const key = Buffer.from(hkdfSync('sha256', ephemeralSecret, salt, info, KEY_BYTES))
  const nonce = bundle.subarray(SALT_BYTES, SALT_BYTES + NONCE_BYTES)
  const decipher = createDecipheriv('aes-256-gcm', key, nonce)
  decipher.setAuthTag(bundle.subarray(bundle.length - TAG_BYTES))
  try {
    const sealed = bundle.subarray(SALT_BYTES + NONCE_BYTES, bundle.length - TAG_BYTES)
    const plain = Buffer.concat([decipher.update(sealed), decipher.final()])
    const part = (index: number): Buffer => plain.subarray(index * KEY_BYTES, (index + 1) * KEY_BYTES)
    return { companionIdentity: part(0), primaryIdentity: part(1), random: part(2) }
  } catch {
    return undefined
  }
}

/** The secret that proves the link, which a QR code would have shown in plain. */
export function linkSecret(ephemeralSecret: Uint8Array, identitySecret: Uint8Array, random: Uint8Array): Buffer {
  const material = Buffer.concat([ephemeralSecret, identitySecret, random])
  return Buffer.from(hkdfSync('sha256', material, Buffer.alloc(0), 'adv_secret', KEY_BYTES))
}
