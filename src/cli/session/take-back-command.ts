import { SessionId } from '../../contract/ids.js'
import { UsageError } from '../cli-error.js'
import type { CliContext, Given } from '../command.js'
import { gatewayAddress } from '../gateway/gateway-address.js'
import { requireBotStopped } from './bot-stopped.js'
import { readUsable } from './import-command.js'
import { ownSession } from './own-session.js'
import { expectedPrefix } from './read-session-id.js'

/** Brings a session that was handed to a bot back to its gateway, from what is stored there or from a fresh string of the bot. */
export async function takeBackCommand(context: CliContext, given: Given): Promise<number> {
  const gateway = gatewayAddress(given, context.env)
  const sessionId = SessionId.safeParse(given.operands[0])
  if (!sessionId.success) {
    throw new UsageError(
      'SESSION_UUID is the session’s id, such as 0b6f1e1e-3c55-4f0e-9d0b-3f5f2f6c7a10, not its secret string.',
    )
  }
  const from = given.text('from')
  const prefix = expectedPrefix(given, context.env)
  const fresh = from === null ? {} : { sessionIdString: await readUsable(context, from, prefix) }
  await requireBotStopped(context, given)
  const path = `api/v1/sessions/${sessionId.data}/take-back`
  return ownSession(context, { gateway, path, body: { botStopped: true, ...fresh } })
}
