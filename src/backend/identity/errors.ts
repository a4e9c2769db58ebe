import { GatewayError } from '../errors.js'

/** The same whether the login is unknown or its password another. */
export function wrongCredentials(): GatewayError {
  return new GatewayError({
    code: 'wrong_credentials',
    status: 401,
    message: 'There is no login with this e-mail and this password.',
    action: 'Check both and try again.',
  })
}

export function secondFactorRequired(): GatewayError {
  return new GatewayError({
    code: 'second_factor_required',
    status: 401,
    message: 'This login has a second factor.',
    action: 'Send the six digits of the authenticator, or a recovery code, as "code".',
  })
}

export function secondFactorWrong(): GatewayError {
  return new GatewayError({
    code: 'second_factor_wrong',
    status: 401,
    message: 'This code is wrong, over, or was used already.',
    action: 'Wait for the next code of the authenticator, or use a recovery code.',
  })
}

export function secondFactorState(message: string, action: string): GatewayError {
  return new GatewayError({ code: 'second_factor_state', status: 409, message, action })
}

/** The same for one that never was, is over, was revoked or used before. */
export function refreshRefused(): GatewayError {
  return new GatewayError({
    code: 'refresh_refused',
    status: 401,
    message: 'This sign-in is over.',
    action: 'Sign in again.',
  })
}

/** The password was right, so this may be said. */
export function noWorkspace(): GatewayError {
  return new GatewayError({
    code: 'no_workspace',
    status: 403,
    message: 'This login may not enter that workspace, or any.',
    action: 'Ask an owner or admin of the workspace for an invitation, or to end the suspension.',
  })
}

/** The same for a link that never was, was used, revoked or came too late. */
export function linkOver(): GatewayError {
  return new GatewayError({
    code: 'link_over',
    status: 404,
    message: 'This link is not good any more.',
    action:
      'Ask whoever gave it to you for a new one; the operator makes one with: npx whizlite owner-link, or users password-link',
  })
}

export function emailTaken(): GatewayError {
  return new GatewayError({
    code: 'email_taken',
    status: 409,
    message: 'This e-mail belongs to a login already.',
    action: 'Use another one, or the password of that login.',
  })
}

export function ownerExists(): GatewayError {
  return new GatewayError({
    code: 'owner_exists',
    status: 409,
    message: 'This gateway has its first owner already.',
    action: 'Sign in, or ask an owner for an invitation.',
  })
}

export function lastOwner(): GatewayError {
  return new GatewayError({
    code: 'last_owner',
    status: 409,
    message: 'A workspace keeps one owner at least.',
    action: 'Make somebody else an owner first.',
  })
}

export function memberKept(message: string, action: string): GatewayError {
  return new GatewayError({ code: 'member_kept', status: 409, message, action })
}

export function alreadyMember(): GatewayError {
  return new GatewayError({
    code: 'already_member',
    status: 409,
    message: 'This login has a place in the workspace already.',
    action: 'Sign in; a suspended place is opened again by an owner or admin.',
  })
}

type Missing = 'member_not_found' | 'invitation_not_found' | 'workspace_not_found'

const missing: Record<Missing, string> = {
  member_not_found: 'There is no such member.',
  invitation_not_found: 'There is no such open invitation.',
  workspace_not_found: 'There is no such workspace.',
}

/** Also for what is another workspace's. */
export function notFound(code: Missing): GatewayError {
  return new GatewayError({ code, status: 404, message: missing[code], action: 'Check the id.' })
}

export function notAllowed(message: string, action: string): GatewayError {
  return new GatewayError({ code: 'forbidden', status: 403, message, action })
}
