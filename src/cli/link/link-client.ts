import { WebSocket } from 'ws'
import { z } from 'zod'
import { SessionId } from '../../contract/ids.js'
import { LinkAttemptView, type StartLinkRequest } from '../../contract/linking.js'
import { askGateway, GatewayProblem, strangeAnswer, type Question } from '../gateway/ask-gateway.js'

/** A start waits for WhatsApp to hand out the first code. */
const startTimeoutMs = 60_000

const Started = z.object({ sessionId: SessionId })
/** Without the strictness: a newer gateway may tell more. */
const View = z.object(LinkAttemptView.shape)

/** One attempt at a gateway, as its public API shows it to the visitor who started it. All throw what `askGateway` throws. */
export interface LinkClient {
  start(request: StartLinkRequest): Promise<void>
  view(): Promise<LinkAttemptView>
  cancel(): Promise<void>
  /** The attempt's live events; `after` resumes behind the event of that number. */
  openFeed(after: number): WebSocket
}

/**
 * The cookie that proves whose attempt it is lives in this object alone. Everything but the start is asked as that visitor.
 * @param serviceToken with which a start is held to no limit; a gateway that has another one takes it for a visitor's
 */
export function createLinkClient(base: URL, serviceToken: string | null = null): LinkClient {
  let cookie: string | null = null
  let path = 'api/sessions/current'

  const ask = async (question: Question): Promise<{ body: unknown }> => {
    const headers = { ...question.headers, ...(cookie !== null && { cookie }) }
    const answer = await askGateway(base, { ...question, headers })
    const set = answer.headers.getSetCookie().map(line => line.split(';', 1)[0] ?? '')
    if (set.length > 0) cookie = set.join('; ')
    return answer
  }

  const askToStart = async (request: StartLinkRequest): Promise<{ body: unknown }> => {
    const question = {
      method: 'POST',
      path: 'api/sessions/start',
      body: request,
      timeoutMs: startTimeoutMs,
    } as const
    if (serviceToken === null) return ask(question)
    try {
      return await ask({ ...question, headers: { authorization: `Bearer ${serviceToken}` } })
    } catch (error) {
      if (error instanceof GatewayProblem && error.code === 'unauthenticated') return ask(question)
      throw error
    }
  }

  return {
    async start(request) {
      const { body } = await askToStart(request)
      const started = Started.safeParse(body)
      if (!started.success || cookie === null) throw strangeAnswer(base, 200)
      path = `api/sessions/${started.data.sessionId}`
    },
    async view() {
      const { body } = await ask({ method: 'GET', path })
      const view = View.safeParse(body)
      if (!view.success) throw strangeAnswer(base, 200)
      return view.data
    },
    async cancel() {
      await ask({ method: 'DELETE', path })
    },
    openFeed(after) {
      const url = new URL(`ws?after=${after}`, base)
      url.protocol = base.protocol === 'https:' ? 'wss:' : 'ws:'
      return new WebSocket(url, { headers: { cookie: cookie ?? '' }, handshakeTimeout: 8_000, maxPayload: 1_000_000 })
    },
  }
}
