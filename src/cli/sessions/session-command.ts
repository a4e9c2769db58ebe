import { z } from 'zod'
import { DeletedSession } from '../../contract/session-commands.js'
import { CliError } from '../cli-error.js'
import { exitCodes, type CliContext, type Given, type RunCommand } from '../command.js'
import { printable, wrap } from '../printable.js'
import { styleOf } from '../terminal.js'
import { askSessions, sessionIdGiven, Told } from './ask-sessions.js'
import { runBy } from './run-by.js'
import { inState, minuteOf } from './sessions-table.js'

/** Without the strictness: a newer gateway may tell more. */
const Deleted = z.object(DeletedSession.shape)

const widest = 100

/** Tells how one session is. */
export async function statusCommand(context: CliContext, given: Given): Promise<number> {
  const path = `api/v1/sessions/${sessionIdGiven(given)}`
  return tell(context, given, await askSessions(context, given, { method: 'GET', path, understood: Told }))
}

/** A command that is done by asking for it, and tells what has become of the session. */
export const command =
  (name: 'connect' | 'disconnect' | 'reconnect'): RunCommand =>
  (context, given) =>
    give(context, given, { name, body: {} })

/** Takes the device off the account, for which there is no way back. */
export async function logOutCommand(context: CliContext, given: Given): Promise<number> {
  const sessionId = sessionIdGiven(given)
  await requireYes(
    context,
    given,
    `Take the device of session ${sessionId} off its account? It must be linked anew then.`,
  )
  return give(context, given, { name: 'logout', body: {} })
}

export function handOffCommand(context: CliContext, given: Given): Promise<number> {
  return give(context, given, { name: 'hand-off', body: { deliverSessionId: given.has('deliver') } })
}

/** Logs a session out as far as that can be done, and deletes it. */
export async function deleteCommand(context: CliContext, given: Given): Promise<number> {
  const sessionId = sessionIdGiven(given)
  await requireYes(context, given, `Log session ${sessionId} out and delete it?`)
  const path = `api/v1/sessions/${sessionId}`
  const { body, told } = await askSessions(context, given, { method: 'DELETE', path, understood: Deleted })
  const left = told.state === 'logged_out' ? ' Its device is off the account.' : ''
  context.terminal.write(given.has('json') ? `${JSON.stringify(body)}\n` : `Session ${sessionId} is deleted.${left}\n`)
  return exitCodes.done
}

async function give(
  context: CliContext,
  given: Given,
  { name, body }: { name: string; body: object },
): Promise<number> {
  const path = `api/v1/sessions/${sessionIdGiven(given)}/${name}`
  return tell(context, given, await askSessions(context, given, { method: 'POST', path, body, understood: Told }))
}

function tell({ terminal }: CliContext, given: Given, { body, told }: { body: unknown; told: Told }): number {
  if (given.has('json')) {
    terminal.write(`${JSON.stringify(body, null, 2)}\n`)
    return exitCodes.done
  }
  const style = styleOf(terminal)
  const { sessionId, state, reason, since, until, phoneNumber, name, lastConnectedAt } = told
  const facts: readonly (readonly [string, string | null])[] = [
    ['Session', sessionId],
    ['Name', name === null ? null : printable(name)],
    ['Number', phoneNumber === null ? null : `+${phoneNumber}`],
    ['State', `${inState(style, state)(state)} since ${minuteOf(since)}`],
    ['Until', until === undefined ? null : minuteOf(until)],
    ['Run by', runBy(told)],
    ['Connected', lastConnectedAt === null ? null : `last known at ${minuteOf(lastConnectedAt)}`],
  ]
  for (const [label, value] of facts) if (value !== null) terminal.write(`${label.padEnd(10)} ${value}\n`)
  const columns = Math.min(terminal.size()?.columns ?? widest, widest)
  if (reason !== null)
    for (const line of wrap(printable(`${reason.message} ${reason.action}`), columns)) terminal.write(`${line}\n`)
  return exitCodes.done
}

/** @throws CliError when that was not confirmed */
async function requireYes({ input }: CliContext, given: Given, question: string): Promise<void> {
  if (given.has('yes')) return
  if (!input.interactive) throw new CliError('Nothing was done.', 'Add --yes if you are sure.')
  const answer = await input.ask(`${question} Type yes: `)
  if (answer.trim().toLowerCase() !== 'yes') throw new CliError('Nothing was done.')
}
