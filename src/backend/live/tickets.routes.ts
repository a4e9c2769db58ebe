import { Ticket, TicketRequest } from '../../contract/live.js'
import { GatewayError } from '../errors.js'
import { member } from '../http/actor.js'
import { route, type Route } from '../http/route.js'
import type { Tickets } from './tickets.js'

export function ticketRoutes(tickets: Tickets): Route[] {
  return [
    route({
      method: 'post',
      path: '/api/v1/ws-tickets',
      summary: 'A ticket that opens one WebSocket within 30 seconds, at /ws?token=, from the same origin',
      access: { scope: 'read', manySessions: true },
      // one that was given before opens nothing any more
      neverKept: true,
      body: TicketRequest,
      answer: Ticket,
      handle({ actor, body, response }) {
        const { origin } = response.req.headers
        if (origin !== undefined && body.origin !== undefined && body.origin !== origin) throw otherPage()
        return tickets.issue(member(actor), body.origin ?? origin ?? null)
      },
    }),
  ]
}

function otherPage(): GatewayError {
  return new GatewayError({
    code: 'validation_failed',
    status: 400,
    message: 'A page gets tickets for itself alone.',
    action: 'Leave "origin" out.',
    fields: [{ path: 'origin', message: 'is not the origin of this page' }],
  })
}
