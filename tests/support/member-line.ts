import { WebSocket } from 'ws'
import type { EventEnvelope } from '../../src/contract/events.js'
import { Ticket } from '../../src/contract/live.js'
import { Mailbox } from './mailbox.js'
import type { Operator } from './operator.js'

export type MemberLineOptions = { query?: string; path?: string; headers?: Record<string, string> }

/** A WebSocket of somebody known, as a program opens it. */
export class MemberLine extends Mailbox<EventEnvelope> {
  readonly socket: WebSocket
  readonly closed: Promise<number>
  /** The status that the handshake was refused with; 101 when it was not. */
  readonly status: Promise<number>

  constructor(url: string, { query = '', path = '/ws', headers = {} }: MemberLineOptions) {
    super('frame')
    this.socket = new WebSocket(`${url.replace('http', 'ws')}${path}${query}`, { headers })
    this.socket.on('message', data => this.put(JSON.parse((data as Buffer).toString('utf8')) as EventEnvelope))
    this.socket.on('error', () => {})
    this.closed = new Promise(resolve => this.socket.once('close', code => resolve(code)))
    this.status = new Promise(resolve => {
      this.socket.once('open', () => resolve(101))
      this.socket.once('unexpected-response', (request, response) => {
        response.resume()
        request.destroy()
        resolve(response.statusCode ?? 0)
      })
    })
  }

  /** With a ticket that the operator, or the member whom it acts for, has got on its node. @param url of the node that is listened to */
  static async withTicket(
    operator: Operator,
    { url = operator.url, headers = {} }: { url?: string; headers?: Record<string, string> } = {},
  ): Promise<MemberLine> {
    return new MemberLine(url, { query: `?token=${await ticketOf(operator, headers)}` })
  }

  ask(event: string, data?: object): void {
    this.socket.send(JSON.stringify({ event, ...(data && { data }) }))
  }

  /** @returns from where it listens */
  async subscribe(data: { sessionId?: string; after?: number } = {}): Promise<number> {
    await this.waitForEvent('ready')
    this.ask('subscribe', data)
    const { data: told } = await this.waitFor(
      ({ event, data: about }) =>
        ['subscribed', 'refused'].includes(event) &&
        (about as { sessionId: string | null }).sessionId === (data.sessionId ?? null),
      undefined,
      'answer to subscribe',
    )
    const { after, code } = told as { after?: number; code?: string }
    if (after === undefined) throw new Error(`refused: ${code}`)
    return after
  }

  waitForEvent(event: string): Promise<EventEnvelope> {
    return this.waitFor(frame => frame.event === event, undefined, event)
  }

  /** Those from the log. */
  events(): EventEnvelope[] {
    return this.all().filter(({ seq }) => seq > 0)
  }

  close(): Promise<number> {
    this.socket.close()
    return this.closed
  }
}

export async function ticketOf(
  operator: Operator,
  headers: Record<string, string> = {},
  body: object = {},
): Promise<string> {
  const answer = await operator.ask('POST', '/api/v1/ws-tickets', body, headers)
  if (answer.status !== 200) throw new Error(`ticket answered ${answer.status}: ${JSON.stringify(answer.body)}`)
  return Ticket.parse(answer.body).ticket
}
