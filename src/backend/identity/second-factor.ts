import { createHash, randomBytes } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'

/** Seconds of one time step (RFC 6238, 4.1). */
const period = 30

const digits = 6

/** Steps before and after the present one whose codes are taken, too: clocks differ and people type slowly. */
const window = 1

/** RFC 4226, 4: 160 bits are recommended. */
const secretBytes = 20

export const newTotpSecret = (): Buffer => randomBytes(secretBytes)

/** The secret as authenticators take it. @param account what they show beside the product's name */
export function totpAddress(secret: Uint8Array, account: string): { secret: string; uri: string } {
  const totp = totpOf(secret, account)
  return { secret: totp.secret.base32, uri: totp.toString() }
}

/**
 * @param nowMs milliseconds since 1970
 * @returns the time step whose code this is; null: it is wrong or over. Each step is to be taken once.
 */
export function totpStep(secret: Uint8Array, code: string, nowMs: number): number | null {
  if (!/^\d{6}$/.test(code)) return null
  const delta = totpOf(secret, '').validate({ token: code, timestamp: nowMs, window })
  return delta === null ? null : Math.floor(nowMs / 1000 / period) + delta
}

/** What all authenticators know: SHA-1, six digits, thirty seconds. */
function totpOf(secret: Uint8Array, label: string): TOTP {
  const bytes = Uint8Array.from(secret)
  return new TOTP({
    issuer: 'WHIZ LITE',
    label: label === '' ? 'account' : label,
    algorithm: 'SHA1',
    digits,
    period,
    secret: new Secret({ buffer: bytes.buffer }),
  })
}

/** No letter that is read as another (Crockford's base 32). */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const recoveryCount = 10
const recoveryLetters = 16

/** Ten codes of 80 random bits, in groups of four letters. */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: recoveryCount }, () => {
    const letters = Array.from(randomBytes(recoveryLetters), byte => alphabet[byte % alphabet.length] ?? '').join('')
    return letters.replaceAll(/(.{4})(?=.)/g, '$1-')
  })
}

/** As random as a key, so a fast hash is enough. @returns null for what cannot be one of them */
export function recoveryHash(loginId: string, code: string): Buffer | null {
  const letters = code.toLowerCase().replaceAll(/[\s-]/g, '').replaceAll('o', '0').replaceAll(/[il]/g, '1')
  if (letters.length !== recoveryLetters || Array.from(letters).some(letter => !alphabet.includes(letter))) return null
  return createHash('sha256').update(`whizlite/recovery\0${loginId}\0${letters}`).digest()
}
