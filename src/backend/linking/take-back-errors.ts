import { PreKeyError, SessionIdError } from '../../session/index.js'
import type { SessionState } from '../../contract/sessions.js'
import { GatewayError } from '../errors.js'

/** What everybody must know before a session changes hands. */
export function botNotStopped(): GatewayError {
  return new GatewayError({
    code: 'bot_not_stopped',
    status: 409,
    message:
      'A bot that still runs with this session and this server would throw each other out again and again, and lose messages.',
    action: 'Stop the bot everywhere it runs, then say so with "botStopped": true.',
  })
}

const running: ReadonlySet<SessionState> = new Set<SessionState>(['linking', 'connecting', 'connected', 'reconnecting'])

/** @param state what the session is in instead, where that is known */
export function notHandedOff(state?: SessionState): GatewayError {
  if (state !== undefined && running.has(state)) {
    return new GatewayError({
      code: 'session_state',
      status: 409,
      message: 'This session runs on this gateway already.',
      action: 'Nothing needs to be done here; leave the bot stopped.',
    })
  }
  return new GatewayError({
    code: 'session_state',
    status: 409,
    message: 'Only a session that a bot has can be taken back, and this one is in another state.',
    action: 'If the account is not linked any more, link it again.',
  })
}

export function foreignString(): GatewayError {
  return new GatewayError({
    code: 'session_id_foreign',
    status: 409,
    message: 'This session ID belongs to another device or account than the session.',
    action: 'Use the string of the bot that has this very session, or import it as a session of its own.',
  })
}

/** The decoder's own sentence, which never holds any part of the string. */
export function unreadableString(message: string): GatewayError {
  return new GatewayError({
    code: 'session_id_unreadable',
    status: 400,
    message,
    action: 'Copy the whole string once more, as it was sent or as the bot has it.',
  })
}

/** What a caller is told about an error of `whizlite/session`; everything else stays what it is. */
export function sessionIdProblem(error: unknown): unknown {
  if (error instanceof SessionIdError) return unreadableString(error.message)
  if (error instanceof PreKeyError)
    return new GatewayError({ code: 'session_state', status: 409, message: error.message, cause: error })
  return error
}
