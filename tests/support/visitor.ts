import { WebSocket } from 'ws'
import type { SessionId } from '../../src/contract/ids.js'
import type { EventEnvelope } from '../../src/contract/events.js'
import { StartLinkAnswer, type LinkAttemptView, type StartLinkRequest } from '../../src/contract/linking.js'
import { Mailbox } from './mailbox.js'

export type Answer = { status: number; headers: Headers; body: Record<string, unknown> }

/** Of a problem without the id of its request, in which alone two that are the same differ. */
export async function readAnswer(response: Response): Promise<Answer> {
  const { status, headers } = response
  const type = headers.get('content-type') ?? ''
  const text = await response.text()
  const body = type.includes('json') ? (JSON.parse(text) as Answer['body']) : {}
  if (type.includes('problem')) {
    const id = headers.get('x-request-id')
    if (id === null || body['requestId'] !== id) throw new Error('a problem does not name its request')
    delete body['requestId']
  }
  return { status, headers, body }
}

/** A browser without a face: keeps its cookie, speaks the page's own requests. */
export class Visitor {
  #cookie: string | null = null

  constructor(
    readonly baseUrl: string,
    cookie: string | null = null,
  ) {
    this.#cookie = cookie
  }

  get cookie(): string | null {
    return this.#cookie
  }

  async request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(this.baseUrl + path, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(this.#cookie !== null && { cookie: this.#cookie }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const set = response.headers.getSetCookie()[0]
    if (set !== undefined) this.#cookie = set.split(';')[0] ?? null
    return readAnswer(response)
  }

  /** By QR. */
  async start(): Promise<{ sessionId: SessionId; qrCode: string }> {
    const answer = await this.#start({})
    if (!('qrCode' in answer)) throw new Error(`no QR: ${Object.keys(answer).join()}`)
    return answer
  }

  async startByCode(phoneNumber: string): Promise<{ sessionId: SessionId; pairingCode: string }> {
    const answer = await this.#start({ phoneNumber })
    if (!('pairingCode' in answer)) throw new Error(`no pairing code: ${Object.keys(answer).join()}`)
    return answer
  }

  async #start(request: StartLinkRequest): Promise<StartLinkAnswer> {
    const { status, body } = await this.request('POST', '/api/sessions/start', request)
    if (status !== 200) throw new Error(`start answered ${status}: ${JSON.stringify(body)}`)
    return StartLinkAnswer.parse(body)
  }

  async view(sessionId = 'current'): Promise<LinkAttemptView> {
    const { status, body } = await this.request('GET', `/api/sessions/${sessionId}`)
    if (status !== 200) throw new Error(`view answered ${status}: ${JSON.stringify(body)}`)
    return body as unknown as LinkAttemptView
  }

  /** The visitor's live events. */
  listen(after?: number): LiveEvents {
    return new LiveEvents(this.baseUrl, this.#cookie, after)
  }
}

export class LiveEvents extends Mailbox<EventEnvelope> {
  readonly socket: WebSocket
  readonly closed: Promise<number>

  constructor(baseUrl: string, cookie: string | null, after?: number, headers: Record<string, string> = {}) {
    super('event')
    const query = after === undefined ? '' : `?after=${after}`
    this.socket = new WebSocket(`${baseUrl.replace('http', 'ws')}/ws${query}`, {
      headers: { ...(cookie !== null && { cookie }), ...headers },
    })
    this.socket.on('message', data => this.put(JSON.parse((data as Buffer).toString('utf8')) as EventEnvelope))
    this.closed = new Promise(resolve => {
      this.socket.once('error', () => resolve(0))
      this.socket.once('close', code => resolve(code))
    })
  }

  waitForEvent(event: string, timeoutMs?: number): Promise<EventEnvelope> {
    return this.waitFor(envelope => envelope.event === event, timeoutMs, event)
  }
}
