import { carriesEnough, isPrintable, looksCounted, looksWritten, repeatsPiece } from './secret-strength.js'

const minimumBytes = 32

/** Fewer different bytes than this, or digits of hex, happen to 32 random bytes less than once in a hundred million. */
const fewestKinds = 18
const fewestDigits = 11

const counted = 'counts up or down and could be guessed'
const written = 'reads like words and could be guessed'

/** Values that circulate in examples and other products' defaults. */
const knownDefaults = [
  'changeme',
  'change-me',
  'change_me',
  'replace-me',
  'example',
  'secret',
  'password',
  'dev-admin-key',
  '429683C4C977415CAAFCCE10F7D57E11',
  'THISISMYSECURETOKEN',
]

/**
 * Reads a secret given as hex, base64, base64url or plain text. What is encoded must look random; a text must carry as much as 32 random
 * bytes, counted so that a made-up one fails.
 * @returns its bytes, or the problem in words for an operator, which never repeat the value
 */
export function parseSecret(text: string): { bytes: Buffer } | { problem: string } {
  const value = text.trim()
  if (knownDefaults.some(known => value.toLowerCase().includes(known.toLowerCase()))) {
    return { problem: 'is a well-known example value' }
  }
  const { bytes, form } = decode(value)
  if (bytes.length < minimumBytes) return { problem: `has fewer than ${minimumBytes} bytes` }
  if (repeatsItself(value, bytes, form)) return { problem: 'repeats itself too much to be random' }
  const weakness = form === 'text' ? textWeakness(value) : encodedWeakness(bytes, form === 'base64' ? value : null)
  return weakness === null ? { bytes } : { problem: weakness }
}

function repeatsItself(value: string, bytes: Buffer, form: Form): boolean {
  const text = value.toLowerCase()
  return (
    repeatsPiece(text) || new Set(bytes).size < fewestKinds || (form === 'hex' && new Set(text).size < fewestDigits)
  )
}

function encodedWeakness(bytes: Buffer, base64: string | null): string | null {
  if (looksCounted(bytes) || (base64 !== null && looksCounted(Buffer.from(base64)))) return counted
  if (base64 !== null && looksWritten(base64)) return written
  // what was encoded is a text itself
  return isPrintable(bytes) ? textWeakness(bytes.toString('latin1')) : null
}

function textWeakness(text: string): string | null {
  if (looksCounted(Buffer.from(text))) return counted
  if (looksWritten(text)) return written
  return carriesEnough(text) ? null : 'is a text too short or too simple to be random'
}

type Form = 'hex' | 'base64' | 'text'

function decode(value: string): { bytes: Buffer; form: Form } {
  if (/^([0-9a-f]{2})+$/i.test(value)) return { bytes: Buffer.from(value, 'hex'), form: 'hex' }
  if (/^[A-Za-z0-9+/_-]{43,}={0,2}$/.test(value)) return { bytes: Buffer.from(value, 'base64'), form: 'base64' }
  return { bytes: Buffer.from(value, 'utf8'), form: 'text' }
}

/** However the other one is written: one value in hex and in base64 is one secret. */
export function isSameSecret(bytes: Buffer, other: string | undefined): boolean {
  const parsed = other === undefined ? null : parseSecret(other)
  return parsed !== null && 'bytes' in parsed && parsed.bytes.equals(bytes)
}
