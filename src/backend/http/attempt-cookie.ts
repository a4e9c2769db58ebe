import { createHash, randomBytes } from 'node:crypto'
import { parseCookie, stringifySetCookie } from 'cookie'

/** Proves which browser started an attempt. 256 random bits; the database knows only their hash. */
export type VisitorToken = string & { readonly __brand: 'VisitorToken' }

const lifetimeSeconds = 24 * 60 * 60

export function newVisitorToken(): VisitorToken {
  return randomBytes(32).toString('base64url') as VisitorToken
}

export function visitorHash(token: VisitorToken): Buffer {
  return createHash('sha256').update(token).digest()
}

/** On https the `__Host-` prefix makes the browser itself refuse a cookie that another host or path has set. */
export type CookieSettings = { secure: boolean }

const cookieName = ({ secure }: CookieSettings) => (secure ? '__Host-whizlite-attempt' : 'whizlite-attempt')

export function readVisitorToken(cookieHeader: string | undefined, settings: CookieSettings): VisitorToken | null {
  const value = parseCookie(cookieHeader ?? '')[cookieName(settings)]
  return value !== undefined && /^[A-Za-z0-9_-]{43}$/.test(value) ? (value as VisitorToken) : null
}

/** The `Set-Cookie` value: no script reads it, no other site sends it along. */
export function visitorCookie(token: VisitorToken, settings: CookieSettings): string {
  return stringifySetCookie(cookieName(settings), token, {
    httpOnly: true,
    sameSite: 'strict',
    path: '/',
    maxAge: lifetimeSeconds,
    secure: settings.secure,
  })
}
