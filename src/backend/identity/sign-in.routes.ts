import { z } from 'zod'
import { DeleteLoginRequest, RefreshRequest, SignedIn, SignInRequest } from '../../contract/identity.js'
import { member } from '../http/actor.js'
import type { CookieSettings } from '../http/attempt-cookie.js'
import { route, type Route } from '../http/route.js'
import { answerSignIn } from './answer-sign-in.js'
import { deleteLogin } from './delete-login.js'
import type { IdentityParts } from './identity.js'
import { personOf } from './own-login.js'
import { readRefreshCookie, refreshCookie } from './refresh-cookie.js'
import { refreshSignIn } from './refresh-sign-in.js'
import { readRefreshToken, type RefreshToken } from './refresh-tokens.js'
import { signIn } from './sign-in.js'
import { signOut, signOutEverywhere } from './sign-out.js'

export type SignInRoutesDeps = { identity: IdentityParts; cookies: CookieSettings }

const base = '/api/v1/auth'

export function signInRoutes({ identity, cookies }: SignInRoutesDeps): Route[] {
  const shownToken = (given: string | undefined, cookie: string | undefined): RefreshToken | null =>
    given === undefined ? readRefreshCookie(cookie, cookies) : readRefreshToken(given)

  return [
    route({
      method: 'post',
      path: `${base}/sign-in`,
      summary: 'Sign in with e-mail and password, and a code where the login has a second factor',
      body: SignInRequest,
      answer: SignedIn,
      async handle({ actor: { address }, body, response }) {
        const { email, password, code = null, workspaceId = null, tokenIn } = body
        const begun = await signIn(identity, { email, password, code, workspaceId, address })
        return answerSignIn(begun, { tokenIn, response, cookies })
      },
    }),
    route({
      method: 'post',
      path: `${base}/refresh`,
      summary: 'Give a refresh token, from the cookie or the body, for the next one and a new access token',
      body: RefreshRequest,
      answer: SignedIn,
      async handle({ actor: { address }, body: { refreshToken }, response }) {
        const tokenIn = refreshToken === undefined ? 'cookie' : 'body'
        const token = shownToken(refreshToken, response.req.headers.cookie)
        const begun = await refreshSignIn(identity, { token, address })
        return answerSignIn(begun, { tokenIn, response, cookies })
      },
    }),
    route({
      method: 'post',
      path: `${base}/sign-out`,
      summary: 'End a sign-in: that of the access token, of the refresh token, or of the cookie',
      body: RefreshRequest,
      async handle({ actor, body: { refreshToken }, response }) {
        if (actor.kind === 'user') await signOut(identity, personOf(actor), actor.address)
        const token = shownToken(refreshToken, response.req.headers.cookie)
        if (token !== null) await signOut(identity, { token }, actor.address)
        response.append('Set-Cookie', refreshCookie(null, cookies))
      },
    }),
    route({
      method: 'post',
      path: `${base}/delete-login`,
      summary: 'Take one’s login away: it leaves all its workspaces, and its e-mail, password and sign-ins go',
      body: DeleteLoginRequest,
      async handle({ actor: { address }, body: { email, password, code = null }, response }) {
        await deleteLogin(identity, { email, password, code, address })
        response.append('Set-Cookie', refreshCookie(null, cookies))
      },
    }),
    route({
      method: 'post',
      path: `${base}/sign-out-everywhere`,
      summary: 'End all sign-ins of one’s login, in all its workspaces, at once',
      access: { scope: 'read', kinds: ['user'] },
      neverKept: true,
      body: z.strictObject({}),
      async handle({ actor, response }) {
        await signOutEverywhere(identity, personOf(member(actor)))
        response.append('Set-Cookie', refreshCookie(null, cookies))
      },
    }),
  ]
}
