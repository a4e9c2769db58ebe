import type { StartLinkRequest } from '../../contract/linking.js'
import { readPhoneNumber, type PhoneNumber, type PhoneNumberProblem } from '../../contract/phone-number.js'
import { CliError, UsageError } from '../cli-error.js'
import { exitCodes, type CliContext, type Given } from '../command.js'
import { gatewayAddress, shown } from '../gateway/gateway-address.js'
import { serviceTokenIfAny } from '../gateway/service-token.js'
import { styleOf } from '../terminal.js'
import { followAttempt } from './follow-attempt.js'
import { createLinkClient, type LinkClient } from './link-client.js'
import { drawnDisplay, plainDisplay } from './link-display.js'
import { endingOf } from './link-sentences.js'

/**
 * Links an account at a gateway from this terminal, as the linking page does in a browser.
 * @returns 0 when linked, 1 when not, 130 when it was cancelled here
 */
export async function linkCommand(context: CliContext, given: Given): Promise<number> {
  const { terminal } = context
  const address = gatewayAddress(given, context.env)
  const request = await requestOf(context, given.text('code'))
  const drawable = terminal.size() !== null
  if (request.phoneNumber === undefined && !drawable) {
    throw new CliError(
      'A QR cannot be drawn here, because the output is not a terminal. Nothing was started.',
      'Run this in a terminal, or add --code and the number of the phone: a code can be printed.',
    )
  }
  const interrupted = context.takeInterrupts()
  const client = createLinkClient(address, serviceTokenIfAny(context, address))
  terminal.write(`Linking at ${shown(address)}…\n`)
  const started = client.start(request)
  if (await cameFirst(interrupted, started)) return cancelStart(context, client, started)

  const display = drawable ? drawnDisplay(terminal) : plainDisplay(terminal)
  try {
    const { show: onView, silent: onSilence } = display
    const end = await followAttempt({ client, onView, onSilence, signal: interrupted })
    display[Symbol.dispose]()
    if (end === null) return await cancel(context, client)
    const style = styleOf(terminal)
    const done = end.phase === 'complete'
    const [first = '', ...rest] = endingOf(end)
    const id = done ? [`The session's id at this gateway, which is no secret: ${end.sessionId}`] : []
    terminal.write([done ? style.good(first) : style.bad(first), ...rest, ...id, ''].join('\n'))
    return done ? exitCodes.done : exitCodes.failed
  } finally {
    display[Symbol.dispose]()
  }
}

/** @throws UsageError with what is wrong about the number: nothing was sent yet */
async function requestOf(context: CliContext, code: string | null): Promise<StartLinkRequest> {
  if (code === null) return {}
  const number = code === '' ? await askForNumber(context) : readPhoneNumber(code)
  if ('problem' in number) throw new UsageError(number.message)
  return { phoneNumber: `+${number.digits}` }
}

/** Asks again after a mistake; an empty line ends it. */
async function askForNumber({ input, terminal }: CliContext): Promise<PhoneNumber | PhoneNumberProblem> {
  if (!input.interactive) throw new UsageError('Nobody can be asked for the number here. Write it behind --code.')
  while (true) {
    const number = readPhoneNumber(await input.ask('Number of the phone, with its country code: '))
    if (!('problem' in number) || number.problem === 'empty') return number
    terminal.writeError(`${number.message}\n`)
  }
}

/** @returns whether the signal came before the work was done; throws what the work throws */
function cameFirst(signal: AbortSignal, work: Promise<void>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => resolve(true), { once: true })
    if (signal.aborted) resolve(true)
    work.then(() => resolve(false), reject)
  })
}

/** Only its answer tells which attempt is to be cancelled. */
async function cancelStart(context: CliContext, client: LinkClient, started: Promise<void>): Promise<number> {
  context.terminal.write('Cancelling as soon as the gateway answers; Ctrl-C again leaves at once…\n')
  try {
    await started
  } catch {
    context.terminal.write('Nothing was started.\n')
    return exitCodes.interrupted
  }
  return cancel(context, client)
}

async function cancel({ terminal }: CliContext, client: LinkClient): Promise<number> {
  terminal.write('Cancelling…\n')
  try {
    await client.cancel()
    terminal.write(`${endingOf(await client.view()).join('\n')}\n`)
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    terminal.write(
      `The gateway could not be told: ${error.message}\nWhat nobody scans ends by itself within minutes.\n`,
    )
  }
  return exitCodes.interrupted
}
