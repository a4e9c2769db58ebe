import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { UserId } from '../../contract/ids.js'
import { purposeKey } from '../vault/purpose-key.js'

/**
 * Opaque, 256 bits, and behind a dot whose sign-in it is of; the database knows only its hash. Whoever shows it gets the next one of its
 * family.
 */
export type RefreshToken = string & { readonly __brand: 'RefreshToken' }

/** The sign-in that a token belongs to. */
export type FamilyOf = { userId: UserId; familyId: string }

export type RefreshTokens = {
  first(of: FamilyOf): RefreshToken
  /**
   * The one that follows: always the same, so that two pages, or a program whose answer got lost, end with one and the same. Nobody can
   * work it out from what came before without this installation's secret.
   */
  next(token: RefreshToken): RefreshToken
  /** What a token of this installation says of itself, also when its hash is forgotten; null: it says nothing, or was made up. */
  familyOf(token: RefreshToken): FamilyOf | null
}

/** Scanners for leaked secrets know it by this. */
const prefix = 'whiz_refresh_'

const idBytes = 16
const proofBytes = 16

export function createRefreshTokens({ secret }: { secret: Uint8Array }): RefreshTokens {
  const key = purposeKey(secret, 'identity/refresh-token/1')
  const familyKey = purposeKey(secret, 'identity/refresh-family/1')
  const proofOf = (ids: Uint8Array) => createHmac('sha256', familyKey).update(ids).digest().subarray(0, proofBytes)
  return {
    first({ userId, familyId }) {
      const ids = Buffer.from(`${userId}${familyId}`.replaceAll('-', ''), 'hex')
      const family = Buffer.concat([ids, proofOf(ids)]).toString('base64url')
      return `${prefix}${randomBytes(32).toString('base64url')}.${family}` as RefreshToken
    },
    next(token) {
      const secretPart = createHmac('sha256', key).update(token).digest('base64url')
      const [, family] = token.split('.')
      return `${prefix}${secretPart}${family === undefined ? '' : `.${family}`}` as RefreshToken
    },
    familyOf(token) {
      const bytes = Buffer.from(token.split('.')[1] ?? '', 'base64url')
      const ids = bytes.subarray(0, 2 * idBytes)
      const proof = bytes.subarray(2 * idBytes)
      if (proof.length !== proofBytes || !timingSafeEqual(proof, proofOf(ids))) return null
      const [userId, familyId] = [ids.subarray(0, idBytes), ids.subarray(idBytes)].map(uuidOf)
      return { userId: UserId.parse(userId), familyId: z.uuid().parse(familyId) }
    },
  }
}

const uuidOf = (bytes: Buffer): string =>
  bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

/** @returns null for what cannot be one */
export function readRefreshToken(text: string): RefreshToken | null {
  return /^whiz_refresh_[A-Za-z0-9_-]{43}(\.[A-Za-z0-9_-]{64})?$/.test(text) ? (text as RefreshToken) : null
}

export const refreshHash = (token: RefreshToken): Buffer => createHash('sha256').update(token).digest()
