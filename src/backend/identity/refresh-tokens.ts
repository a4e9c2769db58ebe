import { createHash, createHmac, randomBytes } from 'node:crypto'
import { purposeKey } from '../vault/purpose-key.js'

/** Opaque, 256 bits; the database knows only its hash. Whoever shows it gets the next one of its family. */
export type RefreshToken = string & { readonly __brand: 'RefreshToken' }

export type RefreshTokens = {
  first(): RefreshToken
  /**
   * The one that follows: always the same, so that two pages, or a program whose answer got lost, end with one and the same. Nobody can
   * work it out from what came before without this installation's secret.
   */
  next(token: RefreshToken): RefreshToken
}

/** Scanners for leaked secrets know it by this. */
const prefix = 'whiz_refresh_'

export function createRefreshTokens({ secret }: { secret: Uint8Array }): RefreshTokens {
  const key = purposeKey(secret, 'identity/refresh-token/1')
  return {
    first: () => `${prefix}${randomBytes(32).toString('base64url')}` as RefreshToken,
    next: token => `${prefix}${createHmac('sha256', key).update(token).digest('base64url')}` as RefreshToken,
  }
}

/** @returns null for what cannot be one */
export function readRefreshToken(text: string): RefreshToken | null {
  return /^whiz_refresh_[A-Za-z0-9_-]{43}$/.test(text) ? (text as RefreshToken) : null
}

export const refreshHash = (token: RefreshToken): Buffer => createHash('sha256').update(token).digest()
