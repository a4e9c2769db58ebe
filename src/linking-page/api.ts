import type { LinkAttemptView, LinkMode, LinkPhase } from '../contract/linking.js'
import { isPicture, isRecord } from './frames.js'
import { troubleFromProblem, troubleWithoutAnswer } from './trouble.js'
import type { Trouble } from './trouble.js'

export interface PageSettings {
  mode: LinkMode
  supportUrl: string | null
  logoUrl: string | null
}

/** Any request that did not end as its function promises; `trouble` says it to the visitor. */
export class ApiFailure extends Error {
  override name = 'ApiFailure'
  readonly trouble: Trouble
  constructor(trouble: Trouble) {
    super(trouble.code)
    this.trouble = trouble
  }
}

/** The server as the page uses it. Every function may throw {@link ApiFailure} and nothing else. */
export interface LinkApi {
  settings(): Promise<PageSettings>
  /** This browser's attempt, or null when it has none. */
  current(): Promise<LinkAttemptView | null>
  /** Null when the server does not know the attempt, or not as this browser's. */
  read(sessionId: string): Promise<LinkAttemptView | null>
  start(): Promise<{ sessionId: string; qrCode: string }>
  /** False when the server does not know the attempt. */
  cancel(sessionId: string): Promise<boolean>
}

export interface LinkApiDeps {
  fetch: (path: string, init: RequestInit) => Promise<Response>
  online: () => boolean
  now: () => number
}

const READ_TIMEOUT_MS = 12_000
/** A start waits for WhatsApp to hand out the first QR. */
const START_TIMEOUT_MS = 45_000

const PHASES: ReadonlySet<unknown> = new Set<LinkPhase>([
  'starting',
  'scanning',
  'scanned',
  'preparing',
  'delivering',
  'complete',
  'expired',
  'cancelled',
  'failed',
])

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
    const answer = await ask('GET', path)
    if (answer.status === 404) return null
    return isView(answer.body) ? answer.body : unreadable()
  }

  return {
    async settings() {
      const { body } = await ask('GET', '/api/page-settings')
      // What happens to the account afterwards is explained from this: it is not to be guessed.
      if (!isRecord(body) || (body['mode'] !== 'handed_off' && body['mode'] !== 'managed')) return unreadable()
      return {
        mode: body['mode'],
        supportUrl: webAddress(body['supportUrl']),
        logoUrl: typeof body['logoUrl'] === 'string' ? body['logoUrl'] : null,
      }
    },
    current: () => view('/api/sessions/current'),
    read: sessionId => view(`/api/sessions/${encodeURIComponent(sessionId)}`),
    async start() {
      const { body } = await ask('POST', '/api/sessions/start', {})
      if (!isRecord(body) || typeof body['sessionId'] !== 'string' || !isPicture(body['qrCode'])) return unreadable()
      return { sessionId: body['sessionId'], qrCode: body['qrCode'] }
    },
    async cancel(sessionId) {
      const { status } = await ask('DELETE', `/api/sessions/${encodeURIComponent(sessionId)}`)
      return status !== 404
    },
  }
}

function unreadable(): never {
  throw new ApiFailure(troubleWithoutAnswer(true))
}

function isView(value: unknown): value is LinkAttemptView {
  return (
    isRecord(value) &&
    typeof value['sessionId'] === 'string' &&
    typeof value['percent'] === 'number' &&
    typeof value['step'] === 'number' &&
    (value['qrCode'] === undefined || isPicture(value['qrCode'])) &&
    PHASES.has(value['phase'])
  )
}

/** Only addresses that are safe in a link: a setting must not be able to run script. */
function webAddress(value: unknown): string | null {
  return typeof value === 'string' && /^(https?:\/\/|mailto:)/i.test(value) ? value : null
}

function parse(text: string): unknown {
  try {
    return text ? JSON.parse(text) : null
  } catch {
    return null
  }
}
