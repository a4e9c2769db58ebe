import {
  AcceptInvitationRequest,
  ClaimInfo,
  ClaimInfoRequest,
  FirstOwnerRequest,
  NewPasswordRequest,
  SignedIn,
} from '../../contract/identity.js'
import type { CookieSettings } from '../http/attempt-cookie.js'
import { route, type Route } from '../http/route.js'
import { acceptInvitation } from './accept-invitation.js'
import { answerSignIn } from './answer-sign-in.js'
import { claimFirstOwner } from './claim-first-owner.js'
import { claimInfo } from './claim-info.js'
import type { IdentityParts } from './identity.js'
import { setPasswordByLink } from './password-link.js'

export type ClaimRoutesDeps = { identity: IdentityParts; cookies: CookieSettings }

const base = '/api/v1/auth'

/** What links are good for: the first owner’s, those of invitations, and those for a new password. */
export function claimRoutes({ identity, cookies }: ClaimRoutesDeps): Route[] {
  return [
    route({
      method: 'post',
      path: `${base}/claim-info`,
      summary: 'What a link is good for: what stands behind its #',
      body: ClaimInfoRequest,
      answer: ClaimInfo,
      handle: ({ body }) => claimInfo(identity, body),
    }),
    route({
      method: 'post',
      path: `${base}/first-owner`,
      summary: 'Become the first owner, with the link that the gateway printed at its first start',
      body: FirstOwnerRequest,
      answer: SignedIn,
      async handle({ actor: { address }, body: { tokenIn, ...given }, response }) {
        const begun = await claimFirstOwner(identity, { ...given, address })
        return answerSignIn(begun, { tokenIn, response, cookies })
      },
    }),
    route({
      method: 'post',
      path: `${base}/accept-invitation`,
      summary: 'Take the place that an invitation gives, with a login that exists or a new one',
      body: AcceptInvitationRequest,
      answer: SignedIn,
      async handle({ actor: { address }, body, response }) {
        const { token, email = null, password, code = null, name, tokenIn } = body
        const begun = await acceptInvitation(identity, { token, email, password, code, name, address })
        return answerSignIn(begun, { tokenIn, response, cookies })
      },
    }),
    route({
      method: 'post',
      path: `${base}/new-password`,
      summary:
        'Choose a new password in place of a lost one, with the link that the operator has made; every sign-in ends',
      body: NewPasswordRequest,
      handle: ({ actor: { address }, body }) => setPasswordByLink(identity, { ...body, address }),
    }),
  ]
}
