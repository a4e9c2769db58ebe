import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { CliError, UsageError } from '../cli-error.js'
import type { CliContext, Given, Options } from '../command.js'
import { readUpTo } from '../input.js'

/** Characters of the longest plain form that the decoder reads. */
const longest = 1_048_576

export const prefixOption = { prefix: { type: 'string' } } as const satisfies Options

export const sourceDetails = `The session ID comes from FILE, from standard input with "-", or is pasted unseen when asked for.
It is never written into the command itself, where other users and the shell's history would see it.

--prefix P     what session IDs of that gateway begin with; without it SESSION_ID_PREFIX, or WHIZLITE_`

/** What session IDs are expected to begin with. */
export function expectedPrefix(given: Given, env: CliContext['env']): string {
  const prefix = given.text('prefix') ?? (env['SESSION_ID_PREFIX']?.trim() || 'WHIZLITE_')
  if (!/^[A-Za-z0-9_-]{1,32}$/.test(prefix)) {
    throw new UsageError('A prefix has 1 to 32 letters, digits, dashes or underscores.')
  }
  return prefix
}

/**
 * Reads the text that should be a session ID from where the caller has it.
 * @param source a file, `-` for standard input, `null` to ask for it on a terminal, else standard input
 * @throws CliError when there is nothing to read; its message never holds any of the text
 */
export async function readSessionIdText({ input, folder }: CliContext, source: string | null): Promise<string> {
  const text = await read(input, folder, source)
  if (text.trim() === '') throw new CliError('There is no session ID in the input.', 'Copy the whole first message.')
  // a byte order mark, which some editors write
  return text.replace(/^\ufeff/, '')
}

async function read(input: CliContext['input'], folder: string, source: string | null): Promise<string> {
  if (source === null && input.interactive)
    return input.askSecret('Paste the session ID and press Enter (it is not shown): ')
  if (source === null || source === '-') return input.readAll(longest)
  try {
    return await readUpTo(createReadStream(resolve(folder, source)), longest)
  } catch (error) {
    if (error instanceof CliError) throw error
    throw new CliError(
      fileProblem((error as NodeJS.ErrnoException).code),
      'Give the name of a file that holds the session ID alone.',
    )
  }
}

function fileProblem(code: string | undefined): string {
  if (code === 'ENOENT') return 'There is no such file.'
  if (code === 'EISDIR') return 'That is a folder.'
  return code === 'EACCES' ? 'That file may not be read by you.' : 'That file cannot be read.'
}
