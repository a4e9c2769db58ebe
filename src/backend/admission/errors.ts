import { GatewayError } from '../errors.js'

/** An attempt has ended after three minutes, so some place is free long before that. */
const retryAfterSeconds = 60

/** No place, and the queue is as long as it may be. */
export function nodeFull(): GatewayError {
  return new GatewayError({
    code: 'node_full',
    status: 503,
    message: 'Too many people are linking at this moment.',
    action: 'Try again in a minute.',
    retryAfterSeconds,
  })
}

/** The operator lets nobody begin at the moment; what was begun, and every session, goes on. */
export function linkingClosed(): GatewayError {
  return new GatewayError({
    code: 'linking_closed',
    status: 503,
    message: 'Linking is closed at the moment.',
    action: 'Come back later, or ask whoever runs this gateway.',
  })
}

export function shuttingDown(): GatewayError {
  return new GatewayError({
    code: 'shutting_down',
    status: 503,
    message: 'The server is being restarted.',
    action: 'Try again in a minute.',
    retryAfterSeconds: 10,
  })
}
