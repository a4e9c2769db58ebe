import { z } from 'zod'
import { Problem } from '../../contract/errors.js'
import { CliError } from '../cli-error.js'
import { printable } from '../printable.js'
import { isThisMachine, shown } from './gateway-address.js'

export type Question = {
  method: 'GET' | 'POST' | 'DELETE'
  /** Below the gateway's address, such as `api/sessions/start`. */
  path: string
  body?: unknown
  headers?: Record<string, string>
  timeoutMs?: number
}

export type Answer = { body: unknown; headers: Headers }

/** A newer gateway may have codes of its own. */
const Refusal = z.object({ ...Problem.pick({ detail: true, action: true, errors: true }).shape, code: z.string() })

const usualTimeoutMs = 15_000
/** Longer ones are no answers of a gateway: a QR's picture has a few thousand. */
const longestAnswer = 1_000_000

/** The gateway refused, and said why. */
export class GatewayProblem extends CliError {
  constructor(
    readonly code: string,
    message: string,
    action: string | null,
  ) {
    super(message, action)
  }
}

/** Nobody answered, or not in time; asking again may help. */
export class NoAnswer extends CliError {}

/**
 * One request to the gateway. Redirects are not followed: what is sent is meant for this address alone.
 * @throws GatewayProblem, NoAnswer, CliError (somebody else answers there)
 */
export async function askGateway(base: URL, question: Question): Promise<Answer> {
  const { response, text } = await fetchText(base, question)
  const { status } = response
  if (status >= 300 && status < 400) {
    throw new CliError(`${shown(base)} sends callers to another address.`, 'Give the final address with --url.')
  }
  const body = status === 204 ? null : parse(text)
  if (response.ok && (status === 204 || body !== undefined)) return { body, headers: response.headers }
  const problem = Refusal.safeParse(body)
  if (!problem.success) throw strangeAnswer(base, status)
  const { code, detail, action, errors = [] } = problem.data
  const advice = errors.length > 0 ? fieldsAtFault(errors) : (action ?? null)
  const next = withWait(advice, waitOf(response.headers.get('retry-after')))
  throw new GatewayProblem(code, printable(detail), next === null ? null : printable(next))
}

/** Something answers that is no gateway, or not one of this version. */
export function strangeAnswer(base: URL, status: number): CliError {
  return status >= 500
    ? new NoAnswer(
        `What answers at ${shown(base)} cannot reach its gateway (HTTP ${status}).`,
        'Try again in a minute.',
      )
    : new CliError(
        `What answers at ${shown(base)} is not a WHIZ LITE gateway of this version.`,
        'Check the address given with --url, and the gateway’s version.',
      )
}

async function fetchText(base: URL, { method, path, body, headers, timeoutMs = usualTimeoutMs }: Question) {
  try {
    const response = await fetch(new URL(path, base), {
      method,
      redirect: 'manual',
      headers: {
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      signal: AbortSignal.timeout(timeoutMs),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    return { response, text: await response.text() }
  } catch (error) {
    throw unanswered(base, error, timeoutMs)
  }
}

function unanswered(base: URL, error: unknown, timeoutMs: number): CliError {
  const { name, cause } = error as { name?: unknown; cause?: unknown }
  if (name === 'TimeoutError') {
    return new NoAnswer(`${shown(base)} did not answer within ${timeoutMs / 1000} seconds.`, 'Try again in a minute.')
  }
  const { code = '' } = (cause ?? {}) as { code?: string }
  if (/CERT|SIGNED|SIGNATURE|ALTNAME|^ERR_SSL/.test(code)) {
    return new CliError(
      `The certificate of ${shown(base)} cannot be trusted.`,
      'Check the address; for an authority of your own, name its file in NODE_EXTRA_CA_CERTS.',
    )
  }
  const action = isThisMachine(base)
    ? 'Start one with "npm start", or give the address of another with --url.'
    : 'Check the address and your network, then try again.'
  return new NoAnswer(`No gateway answers at ${shown(base)}.`, action)
}

function parse(text: string): unknown {
  if (text.length > longestAnswer) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** In place of advice that points at a list which nobody at a terminal sees. */
function fieldsAtFault(errors: readonly { path: string; message: string }[]): string {
  return `Correct ${errors.map(({ path, message }) => `${path} (${message})`).join(', ')}.`
}

/** @param retryAfter seconds; the gateway uses no dates */
function waitOf(retryAfter: string | null): string | null {
  if (retryAfter === null || !/^\d{1,6}$/.test(retryAfter)) return null
  const seconds = Number(retryAfter)
  if (seconds === 1) return '1 second'
  if (seconds < 120) return `${seconds} seconds`
  return seconds < 7_200 ? `${Math.ceil(seconds / 60)} minutes` : `${Math.ceil(seconds / 3_600)} hours`
}

/** The advice with the time in figures: its own "a minute", which is for whoever does not get to see them, would contradict them. */
function withWait(action: string | null, wait: string | null): string | null {
  if (action === null || wait === null) return action ?? (wait === null ? null : `Wait ${wait}.`)
  const inFigures = action.replace(/\b(Wait|Try again in) (?:a|some|a few) (?:while|moments?|minutes?)\b/, `$1 ${wait}`)
  return inFigures === action ? `${action} Wait ${wait}.` : inFigures
}
