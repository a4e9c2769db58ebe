import { SessionIdError } from '../../session/index.js'
import { CliError } from '../cli-error.js'
import type { CliContext, Given } from '../command.js'
import { gatewayAddress } from '../gateway/gateway-address.js'
import { describeSessionId } from './describe-session-id.js'
import { requireBotStopped } from './bot-stopped.js'
import { ownSession } from './own-session.js'
import { expectedPrefix, readSessionIdText } from './read-session-id.js'

/** Hands a session ID string to a gateway, which keeps the account connected from then on. */
export async function importCommand(context: CliContext, given: Given): Promise<number> {
  const gateway = gatewayAddress(given, context.env)
  const prefix = expectedPrefix(given, context.env)
  const sessionIdString = await readUsable(context, given.operands[0] ?? null, prefix)
  await requireBotStopped(context, given)
  return ownSession(context, { gateway, path: 'api/v1/sessions/import', body: { botStopped: true, sessionIdString } })
}

/** A string that no gateway could read is not sent to one. @throws CliError with the decoder's reason */
export async function readUsable(context: CliContext, source: string | null, prefix: string): Promise<string> {
  const text = await readSessionIdText(context, source)
  try {
    describeSessionId(text, prefix)
    return text.trim()
  } catch (error) {
    if (!(error instanceof SessionIdError)) throw error
    throw new CliError(error.message, '"whizlite session inspect" tells more.')
  }
}
