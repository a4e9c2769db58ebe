import {
  AccessToken,
  ChangeEmailRequest,
  ChangeMeRequest,
  ChangePasswordRequest,
  ConfirmSecondFactorRequest,
  Me,
  PasswordAgainRequest,
  RemoveSecondFactorRequest,
  SecondFactorBegun,
  SecondFactorConfirmed,
  Switched,
  SwitchWorkspaceRequest,
} from '../../contract/identity.js'
import { member, type Actor } from '../http/actor.js'
import { route, type Route } from '../http/route.js'
import { changeEmail } from './change-email.js'
import { changePassword } from './change-password.js'
import { beginSecondFactor, confirmSecondFactor, removeSecondFactor } from './change-second-factor.js'
import type { IdentityParts } from './identity.js'
import { personOf, type Person } from './own-login.js'
import { renameMember } from './rename-member.js'
import { switchWorkspace } from './switch-workspace.js'
import { viewMe } from './view-me.js'

const base = '/api/v1/auth'

const people = { scope: 'read', kinds: ['user'] } as const

/** What people do to their own login. */
export function ownLoginRoutes({ identity }: { identity: IdentityParts }): Route[] {
  const asking = (actor: Actor): Person => personOf(member(actor))
  return [
    route({
      method: 'get',
      path: '/api/v1/me',
      summary: 'Who is asking, in which workspace, and what they may',
      access: { scope: 'read', manySessions: true },
      answer: Me,
      handle: ({ actor }) => viewMe(identity.tenants, member(actor)),
    }),
    route({
      method: 'patch',
      path: '/api/v1/me',
      summary: 'Be called something else in this workspace',
      access: people,
      body: ChangeMeRequest,
      answer: Me,
      async handle({ actor, body }) {
        await renameMember(identity, asking(actor), body)
        return viewMe(identity.tenants, member(actor))
      },
    }),
    route({
      method: 'post',
      path: `${base}/switch-workspace`,
      summary: 'Go on in another of one’s workspaces, without signing in again',
      access: people,
      neverKept: true,
      body: SwitchWorkspaceRequest,
      answer: Switched,
      handle: ({ actor, body }) => switchWorkspace(identity, asking(actor), body.workspaceId),
    }),
    route({
      method: 'post',
      path: `${base}/email`,
      summary: 'Change the e-mail that one signs in with; every other sign-in ends',
      access: people,
      neverKept: true,
      body: ChangeEmailRequest,
      answer: AccessToken,
      handle: ({ actor, body }) => changeEmail(identity, asking(actor), body),
    }),
    route({
      method: 'post',
      path: `${base}/password`,
      summary: 'Change one’s password; every other sign-in ends',
      access: people,
      neverKept: true,
      body: ChangePasswordRequest,
      answer: AccessToken,
      handle: ({ actor, body }) => changePassword(identity, asking(actor), { old: body.old, fresh: body.new }),
    }),
    route({
      method: 'post',
      path: `${base}/totp/begin`,
      summary: 'Make a secret for an authenticator; it counts once it is confirmed',
      access: people,
      neverKept: true,
      body: PasswordAgainRequest,
      answer: SecondFactorBegun,
      handle: ({ actor, body }) => beginSecondFactor(identity, asking(actor), body),
    }),
    route({
      method: 'post',
      path: `${base}/totp/confirm`,
      summary: 'Show the first code of the authenticator, and get the recovery codes; every other sign-in ends',
      access: people,
      neverKept: true,
      body: ConfirmSecondFactorRequest,
      answer: SecondFactorConfirmed,
      handle: ({ actor, body }) => confirmSecondFactor(identity, asking(actor), body),
    }),
    route({
      method: 'post',
      path: `${base}/totp/remove`,
      summary: 'Do without a second factor again; every other sign-in ends',
      access: people,
      neverKept: true,
      body: RemoveSecondFactorRequest,
      answer: AccessToken,
      handle: ({ actor, body }) => removeSecondFactor(identity, asking(actor), body),
    }),
  ]
}
