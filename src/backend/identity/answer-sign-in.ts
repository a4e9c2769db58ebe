import type { Response } from 'express'
import type { SignedIn, TokenIn } from '../../contract/identity.js'
import type { CookieSettings } from '../http/attempt-cookie.js'
import type { Begun } from './begin-sign-in.js'
import { refreshCookie } from './refresh-cookie.js'

/** Puts the refresh token where it was asked for: into a cookie that no script can read, or into the answer. */
export function answerSignIn(
  { answer, refreshToken }: Begun,
  { tokenIn, response, cookies }: { tokenIn: TokenIn; response: Response; cookies: CookieSettings },
): SignedIn {
  if (tokenIn === 'body') return { ...answer, refreshToken }
  response.append('Set-Cookie', refreshCookie(refreshToken, cookies))
  return answer
}
