import { CliError } from '../cli-error.js'
import { exitCodes, type CliContext, type Given } from '../command.js'
import { styleOf } from '../terminal.js'
import { askSessions, ToldList, type Told } from './ask-sessions.js'
import { sessionsTable } from './sessions-table.js'

const perQuestion = 200

/** Lists the sessions of a gateway, all or those in some states. */
export async function listCommand(context: CliContext, given: Given): Promise<number> {
  const state = given.text('state')
  const sessions: Told[] = []
  const bodies: unknown[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const query = new URLSearchParams({
      limit: String(perQuestion),
      ...(state !== null && { state }),
      ...(cursor !== '' && { cursor }),
    })
    const path = `api/v1/sessions?${query.toString()}`
    const { body, told } = await askSessions(context, given, { method: 'GET', path, understood: ToldList })
    sessions.push(...told.sessions)
    bodies.push(...(body as { sessions: unknown[] }).sessions)
    if (told.next !== null && told.sessions.length === 0) throw new CliError('The gateway’s list does not end.')
    cursor = told.next
  }
  const { terminal } = context
  if (given.has('json')) terminal.write(`${JSON.stringify(bodies, null, 2)}\n`)
  else if (sessions.length === 0) terminal.write('There are no such sessions.\n')
  else terminal.write(`${sessionsTable(sessions, styleOf(terminal))}\n`)
  return exitCodes.done
}
