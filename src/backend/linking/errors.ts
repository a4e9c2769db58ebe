import type { ErrorCode } from '../../contract/errors.js'
import { GatewayError } from '../errors.js'
import { linkReason, type LinkReason } from './link-reasons.js'

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

/** The same for a service, which knows the attempt by the id that it has given. */
export function linkRunning(): GatewayError {
  return new GatewayError({
    code: 'attempt_running',
    status: 409,
    message: 'A link is under way under this sessionId: it asks another way, or a phone has accepted it.',
    action: 'Wait until it has finished, or cancel it and use another sessionId.',
  })
}

/** An id that a service wants for a link, and that is somebody else's, or was used up. */
export function sessionIdTaken(): GatewayError {
  return new GatewayError({
    code: 'session_id_taken',
    status: 409,
    message: 'This sessionId belongs to another link or session, or was used for one before.',
    action: 'Leave sessionId out, or choose a new UUID.',
  })
}

/** @param message why this number cannot be meant; never the number itself */
export function unusableNumber(message: string): GatewayError {
  return new GatewayError({
    code: 'validation_failed',
    status: 400,
    message,
    action: 'Correct the phone number.',
    fields: [{ path: 'phoneNumber', message }],
  })
}

type Failure = { status: number; code: ErrorCode; retryAfterSeconds: number }

const unreachable: Failure = { status: 502, code: 'whatsapp_unreachable', retryAfterSeconds: 30 }
const refused: Failure = { status: 502, code: 'whatsapp_refused', retryAfterSeconds: 60 }
const changed: Failure = { status: 409, code: 'attempt_running', retryAfterSeconds: 1 }

/** Ends that an attempt can come to before it has something to show; any other is WhatsApp's line that broke. */
const failures: Partial<Record<LinkReason, Failure>> = {
  code_refused: refused,
  code_unanswered: unreachable,
  code_rate_limited: { status: 429, code: 'too_many_attempts', retryAfterSeconds: 900 },
  whatsapp_busy: { status: 503, code: 'whatsapp_refused', retryAfterSeconds: 120 },
  whatsapp_fault: refused,
  whatsapp_intercepted: { ...refused, retryAfterSeconds: 300 },
  whatsapp_refused: { ...refused, retryAfterSeconds: 300 },
  engine_outdated: { ...refused, retryAfterSeconds: 300 },
  server_not_accepted: { ...refused, retryAfterSeconds: 300 },
  passkey_required: refused,
  storage_error: { status: 503, code: 'database_unavailable', retryAfterSeconds: 30 },
  node_lost: { status: 503, code: 'shutting_down', retryAfterSeconds: 10 },
  cancelled: changed,
  replaced_by_visitor: changed,
}

/** WhatsApp refuses everybody's connection: nobody has to find that out anew. */
export function engineOutdated(): GatewayError {
  return startFailed('engine_outdated', 0, { ...refused, status: 503, retryAfterSeconds: 60 })
}

/**
 * An attempt that ended before it had a code to show.
 * @param retryAfterMs how long WhatsApp asked to be left alone, when it did
 */
export function startFailed(
  reason: LinkReason,
  retryAfterMs?: number,
  failure: Failure = failures[reason] ?? unreachable,
): GatewayError {
  const { message, action } = linkReason(reason) ?? { message: 'The attempt ended.', action: 'Start again.' }
  const asked = retryAfterMs === undefined ? 0 : Math.ceil(retryAfterMs / 1_000)
  return new GatewayError({
    ...failure,
    message,
    reasonCode: reason,
    action,
    retryAfterSeconds: Math.max(failure.retryAfterSeconds, asked),
  })
}
