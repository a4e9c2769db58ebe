import { z } from 'zod'
import { SessionId } from '../../contract/ids.js'
import { ResendAnswer, RevokeAnswer } from '../../contract/linking.js'
import { visitorToken } from '../http/actor.js'
import { route, type Route } from '../http/route.js'
import { attemptNotFound } from './errors.js'
import type { VisitorSessions } from './visitor-sessions.js'

/** An id that is no UUID is answered like any unknown one. */
const params = z.object({ sessionId: z.string() })

function sessionIdOf({ sessionId }: { sessionId: string }): SessionId {
  const parsed = SessionId.safeParse(sessionId)
  if (!parsed.success) throw attemptNotFound()
  return parsed.data
}

export function visitorSessionRoutes(visitorSessions: VisitorSessions): Route[] {
  return [
    route({
      method: 'post',
      path: '/api/sessions/:sessionId/resend',
      summary: 'Send the session ID to the owner’s own phone once more, for the browser that linked a managed session',
      params,
      body: z.strictObject({}),
      answer: ResendAnswer,
      handle: ({ actor, params: given }) => visitorSessions.resend(visitorToken(actor), sessionIdOf(given)),
    }),
    route({
      method: 'post',
      path: '/api/sessions/:sessionId/revoke',
      summary: 'Take the device off the account, for the browser that linked a managed session',
      params,
      body: z.strictObject({}),
      answer: RevokeAnswer,
      handle: ({ actor, params: given }) => visitorSessions.revoke(visitorToken(actor), sessionIdOf(given)),
    }),
  ]
}
