import type { LinkAttemptView } from '../contract/linking.js'
import type { PageSettings, Started } from './answers.js'
import { readSettings, readStarted, readView } from './answers.js'
import { isRecord } from './frames.js'
import { troubleFromProblem, troubleWithoutAnswer } from './trouble.js'
import type { Trouble } from './trouble.js'

/** Any request that did not end as its function promises; `trouble` says it to the visitor. */
export class ApiFailure extends Error {
  override name = 'ApiFailure'
  readonly trouble: Trouble
  constructor(trouble: Trouble) {
    super(trouble.code)
    this.trouble = trouble
  }
}

/** What the visitor of a finished managed account may ask for. */
export type Wish = 'resend' | 'revoke'

/** The server as the page uses it. Every function may throw {@link ApiFailure} and nothing else. */
export interface LinkApi {
  settings(): Promise<PageSettings>
  /** This browser's attempt, or null when it has none. */
  current(): Promise<LinkAttemptView | null>
  /** Null when the server does not know the attempt, or not as this browser's. */
  read(sessionId: string): Promise<LinkAttemptView | null>
  /** @param phoneNumber with its country code, to link by code; null to link by QR */
  start(phoneNumber: string | null): Promise<Started>
  /** False when the server does not know the attempt. */
  cancel(sessionId: string): Promise<boolean>
  /** `later`: as soon as WhatsApp can be reached. `unknown`: the server does not know the session as this browser's. */
  ask(wish: Wish, sessionId: string): Promise<'done' | 'later' | 'unknown'>
}

export interface LinkApiDeps {
  fetch: (path: string, init: RequestInit) => Promise<Response>
  online: () => boolean
  now: () => number
}

const READ_TIMEOUT_MS = 12_000
/** A start waits for WhatsApp to hand out the first QR or the code. */
const START_TIMEOUT_MS = 45_000

export function createLinkApi(deps: LinkApiDeps): LinkApi {
  async function ask(method: string, path: string, body?: object): Promise<{ status: number; body: unknown }> {
    const headers: Record<string, string> = { accept: 'application/json' }
    if (body) headers['content-type'] = 'application/json'
    let response: Response
    let answer: unknown = null
    try {
      const signal = AbortSignal.timeout(body ? START_TIMEOUT_MS : READ_TIMEOUT_MS)
      const init: RequestInit = { method, headers, signal, cache: 'no-store', credentials: 'same-origin' }
      response = await deps.fetch(path, body ? { ...init, body: JSON.stringify(body) } : init)
      answer = parse(await response.text())
    } catch {
      throw new ApiFailure(troubleWithoutAnswer(deps.online()))
    }
    if (response.ok || response.status === 404) return { status: response.status, body: answer }
    const problem = isRecord(answer) ? answer : {}
    throw new ApiFailure(troubleFromProblem(problem, response.headers.get('retry-after'), deps.now()))
  }

  async function view(path: string): Promise<LinkAttemptView | null> {
    const { status, body } = await ask('GET', path)
    return status === 404 || body === null ? null : readable(readView(body))
  }

  return {
    settings: async () => readable(readSettings((await ask('GET', '/api/page-settings')).body)),
    current: () => view('/api/sessions/current'),
    read: sessionId => view(pathOf(sessionId)),
    async start(phoneNumber) {
      const body = phoneNumber === null ? {} : { phoneNumber }
      return readable(readStarted((await ask('POST', '/api/sessions/start', body)).body))
    },
    async cancel(sessionId) {
      const { status } = await ask('DELETE', pathOf(sessionId))
      return status !== 404
    },
    async ask(wish, sessionId) {
      const { status, body } = await ask('POST', `${pathOf(sessionId)}/${wish}`, {})
      if (status === 404) return 'unknown'
      // a resend only waits for its turn; a revoke is done when the account no longer has the device
      return wish === 'resend' || (isRecord(body) && body['state'] === 'logged_out') ? 'done' : 'later'
    },
  }
}

function pathOf(sessionId: string): string {
  return `/api/sessions/${encodeURIComponent(sessionId)}`
}

function readable<T>(answer: T | null): T {
  if (answer === null) throw new ApiFailure(troubleWithoutAnswer(true))
  return answer
}

function parse(text: string): unknown {
  try {
    return text ? JSON.parse(text) : null
  } catch {
    return null
  }
}
