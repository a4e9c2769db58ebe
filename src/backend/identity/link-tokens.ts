import { createHash, randomBytes } from 'node:crypto'

/** What a link carries behind its `#`, which no browser sends to anybody: 256 random bits, stored as their hash. */
export type LinkKind = 'owner' | 'invite' | 'password'

export const newLinkToken = (kind: LinkKind): string => `whiz_${kind}_${randomBytes(32).toString('base64url')}`

/** @returns null for what cannot be one */
export function linkKind(token: string): LinkKind | null {
  const [, kind] = /^whiz_(owner|invite|password)_[A-Za-z0-9_-]{43}$/.exec(token) ?? []
  return kind === 'owner' || kind === 'invite' || kind === 'password' ? kind : null
}

export const linkHash = (token: string): Buffer => createHash('sha256').update(token).digest()

/** The page that every kind of link opens. @param base address of the gateway, with or without a closing slash */
export const claimLink = (base: string, token: string): string => `${base.replace(/\/$/, '')}/claim#${token}`
