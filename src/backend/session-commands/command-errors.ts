import { GatewayError } from '../errors.js'
import type { LockedSession } from './locked-session.js'

function refused(message: string, action: string): GatewayError {
  return new GatewayError({ code: 'session_state', status: 409, message, action })
}

const linkAgain = 'Link the account again; that makes a new session.'
const withBot =
  'Stop the bot everywhere it runs and take the session back first (POST /api/v1/sessions/{sessionId}/take-back).'

/** What cannot be done with a session that is neither running nor resting of its own accord, and what can be done instead. */
export function notOurs(session: Pick<LockedSession, 'state' | 'reason'>): GatewayError | null {
  if (session.reason === 'replaced') return cannotLeave(session) ?? noFight()
  return cannotLeave(session)
}

/**
 * The same where the device is to leave its account. That may be asked of one that something else has logged in with: where that is a stolen
 * copy, one more login ends it.
 */
export function cannotLeave({ state }: Pick<LockedSession, 'state'>): GatewayError | null {
  switch (state) {
    case 'handed_off':
      return refused('A bot has this session. Two programs with one session throw each other out.', withBot)
    case 'logged_out':
      return refused('The device is off the account, or WhatsApp does not let it in any more.', linkAgain)
    case 'banned':
      return refused('WhatsApp says that this account is banned.', 'Follow what WhatsApp says on the phone.')
    case 'expired':
      return refused('The session has expired.', 'Connect it first, or link the account again.')
    case 'superseded':
      return refused(
        'The account was linked again, and a newer session has taken this one’s place.',
        'Use the newer one.',
      )
    default:
      return null
  }
}

function noFight(): GatewayError {
  return refused('Something else has logged in with this session, and would be thrown out.', withBot)
}

export function shredded(): GatewayError {
  return refused('The session’s credentials have been destroyed.', linkAgain)
}

export function stillRestricted(until: Date): GatewayError {
  return refused(
    `WhatsApp has restricted this account until ${until.toISOString()}; connecting before that could make it worse.`,
    'Connect it after that time.',
  )
}

export function linkUnderWay(): GatewayError {
  return refused('The link of this session has not finished yet.', 'Wait a few seconds, then ask again.')
}
