import { z } from 'zod'
import { SessionDetails, SessionList } from '../../contract/session-commands.js'
import { SessionId } from '../../contract/ids.js'
import { UsageError } from '../cli-error.js'
import type { CliContext, Given } from '../command.js'
import { askGateway, GatewayProblem, strangeAnswer, type Answer, type Question } from '../gateway/ask-gateway.js'
import { gatewayAddress } from '../gateway/gateway-address.js'
import { serviceToken } from '../gateway/service-token.js'

/** Without the strictness: a newer gateway may tell more. */
export const Told = z
  .object(SessionDetails.shape)
  .pick({
    sessionId: true,
    state: true,
    reason: true,
    since: true,
    phoneNumber: true,
    name: true,
    mode: true,
    lastConnectedAt: true,
  })
  .extend({ until: z.string().optional() })
export type Told = z.infer<typeof Told>

export const ToldList = z.object({ sessions: z.array(Told), next: SessionList.shape.next })

/** A log-out waits for WhatsApp for some seconds. */
const timeoutMs = 30_000

/**
 * Asks the gateway about sessions, with the service token.
 * @returns the answer as it came, and what is understood of it
 * @throws CliError
 */
export async function askSessions<Schema extends z.ZodType>(
  context: CliContext,
  given: Given,
  { understood, ...question }: Pick<Question, 'method' | 'path' | 'body'> & { understood: Schema },
): Promise<{ body: unknown; told: z.output<Schema> }> {
  const gateway = gatewayAddress(given, context.env)
  const headers = { authorization: `Bearer ${serviceToken(context, gateway)}` }
  const { body } = await askGateway(gateway, { ...question, headers, timeoutMs }).catch(asCommand(given))
  const told = understood.safeParse(body)
  if (!told.success) throw strangeAnswer(gateway, 200)
  return { body, told: told.data }
}

/** Where the gateway advises the route that takes a session back, the command that does it. */
function asCommand(given: Given): (error: unknown) => Answer {
  return error => {
    if (!(error instanceof GatewayProblem) || error.action === null) throw error
    const command = `whizlite session take-back ${given.operands[0] ?? 'SESSION_UUID'} --bot-stopped`
    throw new GatewayProblem(
      error.code,
      error.message,
      error.action.replace(/POST \S+\/take-back(?=\))/, () => command),
    )
  }
}

/** @throws UsageError */
export function sessionIdGiven(given: Given): SessionId {
  const sessionId = SessionId.safeParse(given.operands[0])
  if (sessionId.success) return sessionId.data
  throw new UsageError(
    'SESSION_UUID is the session’s id, such as 0b6f1e1e-3c55-4f0e-9d0b-3f5f2f6c7a10, not its secret string.',
  )
}
