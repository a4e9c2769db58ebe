import { z } from 'zod'
import { TakenSession } from '../../contract/sessions.js'
import { CliError } from '../cli-error.js'
import { exitCodes, type CliContext } from '../command.js'
import { askGateway, GatewayProblem, strangeAnswer } from '../gateway/ask-gateway.js'
import { serviceToken } from '../gateway/service-token.js'

/** Without the strictness: a newer gateway may tell more. */
const Owned = z.object(TakenSession.shape)

/** A session is opened and stored before the answer. */
const timeoutMs = 60_000

export type OwnSessionRequest = {
  gateway: URL
  path: string
  body: { botStopped: true; sessionIdString?: string }
}

/**
 * Asks a gateway, with the service token, to keep a session connected from here on, and tells what it answered.
 * @throws CliError
 */
export async function ownSession(context: CliContext, { gateway, path, body }: OwnSessionRequest): Promise<number> {
  const headers = { authorization: `Bearer ${serviceToken(context, gateway)}` }
  const answer = await askGateway(gateway, { method: 'POST', path, body, headers, timeoutMs }).catch(explain)
  const owned = Owned.safeParse(answer.body)
  if (!owned.success) throw strangeAnswer(gateway, 200)
  const { sessionId, state } = owned.data
  context.terminal.write(
    `Session ${sessionId}: ${state}. This gateway keeps the account connected now; leave the bot stopped.\n`,
  )
  return exitCodes.done
}

function explain(error: unknown): never {
  if (!(error instanceof GatewayProblem)) throw error
  if (error.code === 'not_found')
    throw new CliError('This gateway cannot take sessions over.', 'Update it to the version of this command.')
  throw error
}
