import { parseCookie, stringifySetCookie } from 'cookie'
import type { CookieSettings } from '../http/attempt-cookie.js'
import { readRefreshToken, type RefreshToken } from './refresh-tokens.js'

/** What reads the cookie lies below here. */
const authPath = '/api/v1/auth'

const lifetimeSeconds = 30 * 24 * 60 * 60

/**
 * On https `__Host-` makes the browser itself refuse a cookie that a neighbouring host has set, in which a stranger's sign-in could be
 * planted; it demands the path `/`, so the cookie goes along with every request of this host, and only two routes read it. Plain http has
 * no such prefix, and there the path is kept to those routes.
 */
const nameOf = ({ secure }: CookieSettings): string => (secure ? '__Host-whiz_refresh' : 'whiz_refresh')

export function readRefreshCookie(header: string | undefined, settings: CookieSettings): RefreshToken | null {
  return readRefreshToken(parseCookie(header ?? '')[nameOf(settings)] ?? '')
}

/** The `Set-Cookie` value: no script reads it, no other site sends it along. @param token null takes it away */
export function refreshCookie(token: RefreshToken | null, settings: CookieSettings): string {
  return stringifySetCookie(nameOf(settings), token ?? '', {
    httpOnly: true,
    sameSite: 'strict',
    secure: settings.secure,
    path: settings.secure ? '/' : authPath,
    maxAge: token === null ? 0 : lifetimeSeconds,
  })
}
