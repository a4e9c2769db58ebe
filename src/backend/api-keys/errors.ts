import { GatewayError } from '../errors.js'
import { fieldsAtFault } from '../http/field-errors.js'

/** Also for a key of somebody else's. */
export function unknownKey(): GatewayError {
  return new GatewayError({
    code: 'api_key_not_found',
    status: 404,
    message: 'There is no such API key.',
    action: 'Check the id, or list the keys there are.',
  })
}

export function keyEnded(): GatewayError {
  return new GatewayError({
    code: 'api_key_ended',
    status: 409,
    message: 'This API key has expired, was revoked, or has been replaced already.',
    action: 'Make a new one.',
  })
}

export function tooManyKeys(most: number): GatewayError {
  return new GatewayError({
    code: 'too_many_api_keys',
    status: 409,
    message: `You have ${most} API keys that are in force, which is as many as there may be.`,
    action: 'Revoke one that is not used.',
  })
}

export const expiryPast = (): GatewayError => fieldsAtFault([{ path: 'expiresAt', message: 'must be in the future' }])
