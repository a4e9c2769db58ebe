import { GatewayError } from '../errors.js'
import type { AttemptEnd } from './link-attempt.js'
import { linkReason } from './link-reasons.js'

/** The same answer for an unknown id, somebody else's attempt and no cookie: nothing can be learnt from it. */
export function attemptNotFound(): GatewayError {
  return new GatewayError({
    code: 'attempt_not_found',
    status: 404,
    message: 'There is no such link attempt.',
    action: 'Start a new one.',
  })
}

export function attemptRunning(): GatewayError {
  return new GatewayError({
    code: 'attempt_running',
    status: 409,
    message: 'An attempt of this browser is under way and cannot be joined or changed at this moment.',
    action: 'Wait until it has finished, then start again.',
  })
}

/** An attempt that ended before it had a code to show. */
export function startFailed({ reason }: AttemptEnd): GatewayError {
  const { message, action } = linkReason(reason) ?? { message: 'The attempt ended.', action: 'Start again.' }
  const storage = reason === 'storage_error'
  return new GatewayError({
    code: storage ? 'database_unavailable' : 'whatsapp_unreachable',
    status: storage ? 503 : 502,
    message,
    action,
    retryAfterSeconds: 30,
  })
}
