import type { KeyScope, Role } from '../../contract/access.js'
import { GatewayError } from '../errors.js'

/** The same for a proof that is missing, malformed, wrong, over, or that nobody could have. */
export function unauthenticated(): GatewayError {
  return new GatewayError({
    code: 'unauthenticated',
    status: 401,
    message: 'This needs an access token, an API key or the service token that this gateway knows.',
    action: 'Sign in again, or send the header Authorization: Bearer with a key that is neither expired nor revoked.',
  })
}

/** As `unauthenticated`, where nothing but the service token is taken. */
export function invalidServiceToken(): GatewayError {
  return new GatewayError({
    code: 'invalid_service_token',
    status: 401,
    message: 'This needs the service token.',
    action: 'Send the header Authorization: Bearer with the WHATSAPP_SERVICE_TOKEN of the gateway.',
  })
}

const forbidden = (message: string, action: string) =>
  new GatewayError({ code: 'forbidden', status: 403, message, action })

export const wrongKind = (taken: readonly string[]): GatewayError =>
  forbidden(`This takes ${taken.join(' or ')} only.`, 'Ask with one of those.')

export const missingScope = (scope: KeyScope): GatewayError =>
  forbidden(
    `This needs the scope "${scope}".`,
    'Use an API key that has it, or ask an owner of the workspace for a role that does.',
  )

export const missingRole = (role: Role): GatewayError =>
  forbidden(`This needs the role "${role}" in the workspace.`, 'Ask an owner of the workspace.')

export const restrictedKey = (): GatewayError =>
  forbidden('This API key is restricted to some sessions, and this is about more than those.', 'Use a key without it.')

export const notYours = (): GatewayError =>
  forbidden('This session is another member’s, who shows it to the workspace.', 'Ask its owner to do this.')

/** Whoever may not know that a session exists hears what they would hear if it did not. */
export function unknownSession(): GatewayError {
  return new GatewayError({
    code: 'session_not_found',
    status: 404,
    message: 'There is no such session.',
    action: 'Check the id, or list the sessions there are.',
  })
}

/** Kept under the operator instead, a session could later be shown to the wrong person. */
export function userUnknown(): GatewayError {
  return new GatewayError({
    code: 'user_unknown',
    status: 400,
    message: 'X-User-Id must be the id of a member of the workspace.',
    action: 'Correct the header, and X-Workspace-Id if it is sent; without both, the request is for the operator.',
  })
}
