import { hash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { ApiKeyId } from '../../contract/api-keys.js'
import { apiKeyPrefix } from '../http/identify.js'

const letters = 'abcdefghijklmnopqrstuvwxyz'
const digits = `0123456789${letters.toUpperCase()}${letters}`
const idLength = 8
/** As many digits as 256 random bits need. */
const secretLength = 43
/** As many as a CRC-32 needs. */
const checkLength = 6

const form = new RegExp(
  `^${apiKeyPrefix}([0-9A-Za-z]{${idLength}})_([0-9A-Za-z]{${secretLength}})_([0-9A-Za-z]{${checkLength}})$`,
)

/** The parts of a key. The id is public, the secret is stored as a hash alone. */
export type KeyParts = { id: ApiKeyId; secret: string }

export const newKeyId = (): ApiKeyId => randomDigits(idLength)
export const newKeySecret = (): string => randomDigits(secretLength)

/**
 * `whiz_live_<id>_<secret>_<check>`: a prefix that scanners of secrets know, and a check that tells what was cut off or mistyped before
 * anybody is asked.
 */
export function writeKey({ id, secret }: KeyParts): string {
  const text = `${apiKeyPrefix}${id}_${secret}`
  return `${text}_${checkOf(text)}`
}

/** @returns null for what no key of ours can be */
export function readKey(text: string): KeyParts | null {
  const [, id, secret, check] = form.exec(text) ?? []
  if (id === undefined || secret === undefined) return null
  return checkOf(`${apiKeyPrefix}${id}_${secret}`) === check ? { id, secret } : null
}

/** A fast hash is right for 256 random bits, which nobody can try out. */
export const hashOfSecret = (secret: string): Buffer => hash('sha256', secret, 'buffer')

function checkOf(text: string): string {
  let rest = crc32(text)
  let check = ''
  for (let i = 0; i < checkLength; i++) {
    check = digits.charAt(rest % digits.length) + check
    rest = Math.floor(rest / digits.length)
  }
  return check
}

/** Bytes from 248 up are left out, so that no digit comes more often than another. */
function randomDigits(length: number): string {
  let text = ''
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < digits.length * 4 && text.length < length) text += digits.charAt(byte % digits.length)
    }
  }
  return text
}
