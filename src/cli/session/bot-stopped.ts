import { CliError } from '../cli-error.js'
import type { CliContext, Given, Options } from '../command.js'

export const botStoppedOption = { 'bot-stopped': { type: 'boolean' } } as const satisfies Options

export const botStoppedDetails = `--bot-stopped  the bot that used this session ID is stopped and will stay so; without it you are asked`

const warning =
  'Two programs with one session throw each other off WhatsApp, and messages can become unreadable for both.'

/**
 * Makes sure that nothing else uses the session from here on.
 * @throws CliError when that was not confirmed
 */
export async function requireBotStopped({ input, terminal }: CliContext, given: Given): Promise<void> {
  if (given.has('bot-stopped')) return
  const action = 'Stop the bot for good, then add --bot-stopped.'
  if (!input.interactive) throw new CliError(`${warning} Nothing was done.`, action)
  terminal.writeError(`${warning}\n`)
  const answer = await input.ask('Is the bot that used this session stopped for good? Type yes: ')
  if (answer.trim().toLowerCase() !== 'yes') throw new CliError('Nothing was done.', action)
}
