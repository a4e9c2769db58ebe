import { GatewayError } from '../errors.js'

/** The same sentence whatever was counted, and for whom: nothing can be learnt from it but how long to wait. */
export function tooManyAttempts(retryAfterSeconds: number): GatewayError {
  return new GatewayError({
    code: 'too_many_attempts',
    status: 429,
    message: 'There were too many attempts.',
    action: 'Wait a while, then try again.',
    retryAfterSeconds: Math.max(1, Math.ceil(retryAfterSeconds)),
  })
}
