import type { Problem } from '../contract/errors.js'
import type { Question } from './endpoint.js'
import { NoAnswerError, ProblemError } from './errors.js'
import type { CallOptions, ClientOptions, Proof } from './options.js'
import { pause } from './pause.js'

const usualTimeoutMs = 30_000
const usualRetries = 2

/** Longest time that is waited before a repetition; who is told to wait longer hears so. */
const longestWaitMs = 20_000
const firstWaitMs = 250

const refusedAtTheDoor: ReadonlySet<string> = new Set(['unauthenticated', 'invalid_service_token'])

/** @throws ProblemError, NoAnswerError; what the signal was aborted with */
export type Ask = (question: Question, options?: CallOptions) => Promise<unknown>

/** Requests with the proof, a limit of time, and repetitions where they are safe, see `Repeats`. */
export function createAsk(given: ClientOptions): Ask {
  const send = given.fetch ?? fetch
  const base = given.url.replace(/\/+$/, '')

  const once = async ({ method, path, body }: Question, renew: boolean, options: CallOptions): Promise<unknown> => {
    const timeout = AbortSignal.timeout(options.timeoutMs ?? given.timeoutMs ?? usualTimeoutMs)
    const signal = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal])
    const headers = { ...(await headersOf(given, renew)), ...bodyHeaders(body, options) }
    try {
      const response = await send(base + path, {
        method,
        headers,
        signal,
        // what is sent is meant for this address alone
        redirect: 'error',
        ...(body !== undefined && { body }),
      })
      return await answerOf(response)
    } catch (error) {
      options.signal?.throwIfAborted()
      if (error instanceof ProblemError || error instanceof NoAnswerError) throw error
      if (timeout.aborted) throw new NoAnswerError('timeout', 'The gateway did not answer in time.', error)
      throw new NoAnswerError('unreachable', 'No gateway answers at this address.', error)
    }
  }

  const renewing = async (question: Question, options: CallOptions): Promise<unknown> => {
    try {
      return await once(question, false, options)
    } catch (error) {
      // whoever is refused at the door has not been served, so that asking again is safe; a wrong password is refused behind it
      const refused =
        error instanceof ProblemError && refusedAtTheDoor.has(error.code) && typeof given.token === 'function'
      if (!refused) throw error
      return once(question, true, options)
    }
  }

  return async (question, options = {}) => {
    const { repeats } = question
    const isSafe = repeats === 'always' || (repeats === 'keyed' && options.idempotencyKey !== undefined)
    const retries = isSafe ? (given.retries ?? usualRetries) : 0
    for (let tried = 0; ; tried++) {
      try {
        return await renewing(question, options)
      } catch (error) {
        const waitMs = tried < retries ? waitBefore(error, tried) : null
        if (waitMs === null) throw error
        await pause(waitMs, options.signal)
      }
    }
  }
}

/** Milliseconds until it is worth another try; null: it is not, or not soon. */
function waitBefore(error: unknown, tried: number): number | null {
  const backoffMs = firstWaitMs * 2 ** tried * (0.5 + Math.random())
  if (error instanceof NoAnswerError) return error.code === 'not_a_gateway' ? null : backoffMs
  if (!(error instanceof ProblemError)) return null
  const { status, retryAfterSeconds } = error
  const passes = [429, 502, 503, 504].includes(status) || (status === 409 && retryAfterSeconds !== null)
  const waitMs = retryAfterSeconds === null ? backoffMs : Math.max(backoffMs, retryAfterSeconds * 1_000)
  return passes && waitMs <= longestWaitMs ? waitMs : null
}

async function headersOf(
  { token, userId, workspaceId }: ClientOptions,
  renew: boolean,
): Promise<Record<string, string>> {
  return {
    accept: 'application/json',
    ...(token !== undefined && { authorization: `Bearer ${await proofOf(token, renew)}` }),
    ...(userId !== undefined && { 'x-user-id': userId }),
    ...(workspaceId !== undefined && { 'x-workspace-id': workspaceId }),
  }
}

const proofOf = (token: Proof, renew: boolean) => (typeof token === 'string' ? token : token(renew))

const bodyHeaders = (body: string | undefined, { idempotencyKey }: CallOptions): Record<string, string> => ({
  ...(body !== undefined && { 'content-type': 'application/json' }),
  ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
})

async function answerOf(response: Response): Promise<unknown> {
  if (response.status === 204) return undefined
  const text = await response.text()
  if (response.ok && response.headers.get('content-type')?.startsWith('application/x-ndjson') === true) return text
  const body = parsed(text)
  if (response.ok && body !== undefined) return body
  if (!response.ok && isProblem(body)) throw new ProblemError(body, secondsOf(response.headers.get('retry-after')))
  throw new NoAnswerError('not_a_gateway', `What answers there (status ${response.status}) is not a gateway.`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function isProblem(body: unknown): body is Problem {
  const { code, detail, status } = (body ?? {}) as Partial<Record<keyof Problem, unknown>>
  return typeof code === 'string' && typeof detail === 'string' && typeof status === 'number'
}

const secondsOf = (header: string | null) => (header !== null && /^\d{1,6}$/.test(header) ? Number(header) : null)
