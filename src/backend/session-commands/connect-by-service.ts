import type { SessionId } from '../../contract/ids.js'
import { readPhoneNumber } from '../../contract/phone-number.js'
import type { ConnectRequest, SessionDetails } from '../../contract/session-commands.js'
import { GatewayError } from '../errors.js'
import { sessionIdTaken } from '../linking/errors.js'
import { isSameNumber } from '../linking/expected-number.js'
import type { CommandScope } from './command-scope.js'
import type { SessionCommands } from './session-commands.js'

/**
 * `POST /connect`: an id of a session connects that one, any other begins a link.
 * @throws GatewayError as `SessionCommands.connect` and `SessionCommands.link`
 */
export async function connectByService(
  commands: SessionCommands,
  scope: CommandScope,
  { sessionId, sessionName, phoneNumber, method, deliverSessionId }: ConnectRequest,
): Promise<SessionDetails> {
  const session = sessionId === undefined ? null : await linked(commands, scope, sessionId)
  if (session === null)
    return commands.link(scope, {
      sessionId: sessionId ?? null,
      name: sessionName ?? null,
      phoneNumber: phoneNumber ?? null,
      method,
      mode: 'managed',
      deliver: deliverSessionId,
    })
  if (phoneNumber !== undefined && !isOf(session, phoneNumber)) throw sessionIdTaken()
  return commands.connect(scope, session.sessionId)
}

/** The session of this id; a link that is none yet counts for nothing. */
async function linked(
  commands: SessionCommands,
  scope: CommandScope,
  sessionId: SessionId,
): Promise<SessionDetails | null> {
  try {
    const details = await commands.view(scope, sessionId)
    return details.phoneNumber === null ? null : details
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'session_not_found') return null
    throw error
  }
}

function isOf({ phoneNumber }: SessionDetails, typed: string): boolean {
  const number = readPhoneNumber(typed)
  return phoneNumber !== null && 'digits' in number && isSameNumber(number.digits, phoneNumber)
}
