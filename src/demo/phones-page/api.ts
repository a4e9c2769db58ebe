import type { DemoProblem } from '../view.js'

/** A request was refused or not answered; `message` is a sentence for the person at the page. */
export class RequestRefused extends Error {
  override name = 'RequestRefused'
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}

/** What a visitor does with the phones. Every function may throw {@link RequestRefused} and nothing else. */
export interface PhonesApi {
  add(): Promise<{ phoneNumber: string }>
  scan(phone: string, picture: Blob): Promise<void>
  enterCode(phone: string, code: string): Promise<void>
  send(phone: string, to: string, text: string): Promise<void>
  read(phone: string, chat: string): Promise<void>
  unlink(phone: string, deviceId: number): Promise<void>
  setOnline(phone: string, online: boolean): Promise<void>
}

export type PhonesApiDeps = { fetch: (path: string, init: RequestInit) => Promise<Response> }

/** A phone waits half a minute for the device that shows the code it was given. */
const TIMEOUT_MS = 45_000

export function createPhonesApi(deps: PhonesApiDeps): PhonesApi {
  async function ask(method: string, path: string, body?: Blob | object): Promise<unknown> {
    const isPicture = body instanceof Blob
    const headers: Record<string, string> = body ? { 'content-type': isPicture ? 'image/png' : 'application/json' } : {}
    const init: RequestInit = { method, headers, cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS) }
    let response: Response
    let answer: unknown
    try {
      const sent = body ? { ...init, body: isPicture ? body : JSON.stringify(body) } : init
      response = await deps.fetch(`/demo/api/${path}`, sent)
      answer = await response.json()
    } catch {
      throw new RequestRefused('no_answer', 'The demo does not answer.')
    }
    if (response.ok) return answer
    throw isProblem(answer)
      ? new RequestRefused(answer.code, answer.detail)
      : new RequestRefused('unreadable', 'That did not work.')
  }

  return {
    async add() {
      const answer = await ask('POST', 'phones', {})
      const named = typeof answer === 'object' && answer !== null && 'phoneNumber' in answer ? answer.phoneNumber : ''
      return { phoneNumber: String(named) }
    },
    scan: async (phone, picture) => void (await ask('POST', `phones/${phone}/scan`, picture)),
    enterCode: async (phone, code) => void (await ask('POST', `phones/${phone}/code`, { code })),
    send: async (phone, to, text) => void (await ask('POST', `phones/${phone}/messages`, { to, text })),
    read: async (phone, chat) => void (await ask('POST', `phones/${phone}/read`, { chat })),
    unlink: async (phone, deviceId) => void (await ask('DELETE', `phones/${phone}/devices/${deviceId}`)),
    setOnline: async (phone, online) => void (await ask('PUT', `phones/${phone}/connection`, { online })),
  }
}

function isProblem(answer: unknown): answer is DemoProblem {
  return typeof answer === 'object' && answer !== null && 'code' in answer && 'detail' in answer
}

/** The sentence for whatever was thrown. */
export function sentenceOf(error: unknown): string {
  return error instanceof RequestRefused ? error.message : 'That did not work.'
}
