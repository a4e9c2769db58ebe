import { readFileSync } from 'node:fs'
import { parseArguments } from './arguments.js'
import { CliError, UsageError } from './cli-error.js'
import { exitCodes, type CliContext, type Command } from './command.js'
import { commands } from './commands.js'
import { helpOf, overview, usageOf } from './usage.js'

/**
 * Runs the command that the words name.
 * @param words what was written behind `whizlite`
 * @returns the exit code: 0 done, 1 not done, 2 written wrongly
 */
export async function runCli(words: readonly string[], context: CliContext): Promise<number> {
  const { terminal } = context
  const [first, ...others] = words
  if (first === '--version') return said(context, `${packageVersion()}\n`)
  if (first === 'help' || first === '--help' || first === '-h') return help(others, context)
  const found = commandIn(words)
  if (found === null) return unknownCommand(words, context)
  const { command, rest } = found
  try {
    if (asksForHelp(rest)) return said(context, helpOf(command))
    const given = parseArguments(command, rest)
    const run = await command.load()
    return await run(context, given)
  } catch (error) {
    if (!(error instanceof CliError)) return unexpected(error, context)
    terminal.writeError(`${[error.message, error.action].filter(part => part !== null).join(' ')}\n`)
    if (!(error instanceof UsageError)) return exitCodes.failed
    terminal.writeError(usageOf(command))
    return exitCodes.usage
  }
}

/** Whatever else was written. */
const asksForHelp = (words: readonly string[]): boolean => words.includes('--help') || words.includes('-h')

function help(words: readonly string[], context: CliContext): number {
  if (words.length === 0) return said(context, overview(commands))
  const found = commandIn(words)
  return found === null ? unknownCommand(words, context) : said(context, helpOf(found.command))
}

/** A command of two words comes before one of one. */
function commandIn(words: readonly string[]): { command: Command; rest: readonly string[] } | null {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(' ')
    const command = commands.find(known => known.name === name)
    if (command !== undefined) return { command, rest: words.slice(length) }
  }
  return null
}

function unknownCommand(words: readonly string[], { terminal }: CliContext): number {
  // only what can be a command is repeated: it could be a session ID
  const written = words.slice(0, 2).filter(word => /^[a-z-]{1,20}$/.test(word))
  const what = words.length === 0 ? 'Say which command you mean.' : `There is no command "${written.join(' ')}".`
  terminal.writeError(`${what}\n\n${overview(commands)}`)
  return exitCodes.usage
}

/** Its message and stack could quote what was typed or read. */
function unexpected(error: unknown, { terminal }: CliContext): number {
  const { name = 'Error', code = '' } = (error ?? {}) as { name?: string; code?: string }
  terminal.writeError(
    `whizlite met a problem that it does not know: ${[name, code].join(' ').trim()}. Please report it.\n`,
  )
  return exitCodes.failed
}

function said({ terminal }: CliContext, text: string): number {
  terminal.write(text)
  return exitCodes.done
}

/** The manifest lies two folders up, from the sources as from the build. */
function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return (manifest as { version: string }).version
}
