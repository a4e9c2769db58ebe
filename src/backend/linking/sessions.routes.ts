import { z } from 'zod'
import { SessionId, type SessionIdString } from '../../contract/ids.js'
import { ImportSessionRequest, TakeBackRequest, TakenSession } from '../../contract/sessions.js'
import { scopeOf } from '../http/actor.js'
import { unknownSession } from '../http/refusals.js'
import { route, type Route } from '../http/route.js'
import type { TakeBack } from './take-back.js'

export type SessionRoutesDeps = { takeBack: TakeBack }

/** What somebody says to be a session ID; the decoder finds out. */
const claimed = (text: string) => text as SessionIdString

/** Sessions that come from, or back from, a bot. */
export function sessionRoutes({ takeBack }: SessionRoutesDeps): Route[] {
  return [
    route({
      method: 'post',
      path: '/api/v1/sessions/import',
      summary: 'Run a session from its session ID string; the bot that had it must be stopped',
      access: { scope: 'sessions' },
      audited: 'session.import',
      body: ImportSessionRequest,
      answer: TakenSession,
      handle: ({ actor, body: { sessionIdString, botStopped }, once }) =>
        takeBack.importSession({
          ...scopeOf(actor),
          source: claimed(sessionIdString),
          botStopped,
          once,
        }),
    }),
    route({
      method: 'post',
      path: '/api/v1/sessions/:sessionId/take-back',
      summary: 'Take a handed-off session back from its bot, which must be stopped',
      access: { scope: 'sessions' },
      audited: 'session.take_back',
      params: z.object({ sessionId: z.string() }),
      body: TakeBackRequest,
      answer: TakenSession,
      handle: ({ actor, params, body: { sessionIdString, botStopped }, once }) => {
        const sessionId = SessionId.safeParse(params.sessionId)
        if (!sessionId.success) throw unknownSession()
        const source = sessionIdString === undefined ? 'stored' : claimed(sessionIdString)
        return takeBack.takeBack({ ...scopeOf(actor), sessionId: sessionId.data, source, botStopped, once })
      },
    }),
  ]
}
