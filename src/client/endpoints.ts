import type { z } from 'zod'
import type { Ticket, TicketRequest } from '../contract/live.js'
import type {
  DeletedSession,
  HandOffRequest,
  LinkSessionRequest,
  ChangeSessionRequest,
  SessionDetails,
  SessionList,
} from '../contract/session-commands.js'
import type { SessionHistory } from '../contract/session-view.js'
import type { ImportSessionRequest, SessionState, TakeBackRequest, TakenSession } from '../contract/sessions.js'
import { endpoint } from './endpoint.js'

type InputOf<Schema extends z.ZodType> = z.input<Schema>
type OneSession = { sessionId: string }
type Page = { limit?: number }

const sessions = '/api/v1/sessions'
const one = `${sessions}/:sessionId`

/** Every route below `/api/v1`; a test holds this table against the gateway's OpenAPI document. */
export const endpoints = {
  sessions: {
    list: endpoint<Page & { cursor?: string; state?: SessionState | readonly SessionState[] }, SessionList>(
      'GET',
      sessions,
    ),
    /** Starts a link and answers with its QR or code. */
    link: endpoint<InputOf<typeof LinkSessionRequest>, SessionDetails>('POST', sessions),
    get: endpoint<OneSession, SessionDetails>('GET', one),
    history: endpoint<OneSession & Page & { before?: string }, SessionHistory>('GET', `${one}/history`),
    update: endpoint<OneSession & InputOf<typeof ChangeSessionRequest>, SessionDetails>('PATCH', one),
    delete: endpoint<OneSession, DeletedSession>('DELETE', one),
    connect: endpoint<OneSession, SessionDetails>('POST', `${one}/connect`),
    disconnect: endpoint<OneSession, SessionDetails>('POST', `${one}/disconnect`),
    reconnect: endpoint<OneSession, SessionDetails>('POST', `${one}/reconnect`),
    logout: endpoint<OneSession, SessionDetails>('POST', `${one}/logout`),
    handOff: endpoint<OneSession & InputOf<typeof HandOffRequest>, SessionDetails>('POST', `${one}/hand-off`),
    takeBack: endpoint<OneSession & InputOf<typeof TakeBackRequest>, TakenSession>('POST', `${one}/take-back`),
    import: endpoint<InputOf<typeof ImportSessionRequest>, TakenSession>('POST', `${sessions}/import`),
  },
  tickets: {
    /** Opens one WebSocket; `client.live()` does it by itself. */
    issue: endpoint<InputOf<typeof TicketRequest>, Ticket>('POST', '/api/v1/ws-tickets'),
  },
}
