import { SessionIdError, type SessionIdErrorCode } from '../../session/index.js'
import { CliError } from '../cli-error.js'
import { exitCodes, type CliContext, type Given } from '../command.js'
import { describeSessionId, type SessionIdDescription } from './describe-session-id.js'
import { expectedPrefix, readSessionIdText } from './read-session-id.js'

const again = 'Copy the whole first message of your own chat again, or send it again from there.'

const actions: Partial<Record<SessionIdErrorCode, string>> = {
  wrong_prefix: 'Copy the first message alone; if that gateway uses a prefix of its own, name it with --prefix.',
  corrupt: again,
  too_long: again,
  unsupported_version: 'Install the newest version of whizlite.',
  not_linked: 'Link the account again and use the new session ID.',
  not_a_session: 'Link the account again and use the new session ID.',
}

/**
 * Tells what a session ID string is.
 * @returns 0 when it can be used, 1 when not
 */
export async function inspectCommand(context: CliContext, given: Given): Promise<number> {
  const prefix = expectedPrefix(given, context.env)
  const text = await readSessionIdText(context, given.operands[0] ?? null)
  const json = given.has('json')
  try {
    const description = describeSessionId(text, prefix)
    const lines = json ? [JSON.stringify(description, null, 2)] : linesOf(description)
    context.terminal.write(`${lines.join('\n')}\n`)
    return exitCodes.done
  } catch (error) {
    if (!(error instanceof SessionIdError)) throw error
    const { code, message } = error
    const action = actions[code] ?? 'Link the account again.'
    if (!json) throw new CliError(message, action)
    context.terminal.write(`${JSON.stringify({ error: { code, message, action } }, null, 2)}\n`)
    return exitCodes.failed
  }
}

const forms: Record<SessionIdDescription['form'], string> = {
  compact: 'compact',
  json: 'plain JSON of Baileys credentials',
  base64: 'base64 of JSON of Baileys credentials',
}

function linesOf({ form, version, characters, checksum, account, contents }: SessionIdDescription): string[] {
  const rows: [string, string][] = [
    ['Format', version === null ? forms[form] : `${forms[form]}, version ${version}`],
    ['Size', `${characters} characters`],
    ['Checksum', checksum === 'ok' ? 'ok' : 'this form has none; a change on the way would not be noticed'],
    ['Number', account.number === null ? 'none' : `+${account.number}`],
    ['LID', account.lid ?? 'not inside'],
    ['Device', account.device === null ? 'not told' : `number ${account.device}`],
    ['Name', account.name ?? 'not inside'],
    ['Phone', account.phone ?? 'not inside'],
    ['Pre-key seed', contents.preKeySeed ? `inside, ${counted(contents.usedPreKeyIds, 'key')} used up` : 'not inside'],
    ['App-state keys', contents.appStateKeys === 0 ? 'not inside' : `${contents.appStateKeys} inside`],
    ['LID mapping', contents.lidMapping ? 'inside' : 'not inside'],
  ]
  const width = Math.max(...rows.map(([name]) => name.length)) + 2
  return rows.map(([name, value]) => name.padEnd(width) + value)
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
