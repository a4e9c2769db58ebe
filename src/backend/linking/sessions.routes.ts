import { z } from 'zod'
import { SessionId, type SessionIdString, type WorkspaceId } from '../../contract/ids.js'
import { ImportSessionRequest, TakeBackRequest, TakenSession } from '../../contract/sessions.js'
import { route, type Route } from '../http/route.js'
import { unknownSession } from './take-back-errors.js'
import type { TakeBack } from './take-back.js'

export type SessionRoutesDeps = { takeBack: TakeBack; workspaceId: () => WorkspaceId }

/** What somebody says to be a session ID; the decoder finds out. */
const claimed = (text: string) => text as SessionIdString

/** Routes for the operator's own programs and the command line, in the operator's workspace. */
export function sessionRoutes({ takeBack, workspaceId }: SessionRoutesDeps): Route[] {
  return [
    route({
      method: 'post',
      path: '/api/v1/sessions/import',
      summary: 'Run a session from its session ID string; the bot that had it must be stopped',
      actor: 'service',
      body: ImportSessionRequest,
      answer: TakenSession,
      handle: ({ body: { sessionIdString, botStopped } }) =>
        takeBack.importSession({ workspaceId: workspaceId(), source: claimed(sessionIdString), botStopped }),
    }),
    route({
      method: 'post',
      path: '/api/v1/sessions/:sessionId/take-back',
      summary: 'Take a handed-off session back from its bot, which must be stopped',
      actor: 'service',
      params: z.object({ sessionId: z.string() }),
      body: TakeBackRequest,
      answer: TakenSession,
      handle: ({ params, body: { sessionIdString, botStopped } }) => {
        const sessionId = SessionId.safeParse(params.sessionId)
        if (!sessionId.success) throw unknownSession()
        const source = sessionIdString === undefined ? 'stored' : claimed(sessionIdString)
        return takeBack.takeBack({ workspaceId: workspaceId(), sessionId: sessionId.data, source, botStopped })
      },
    }),
  ]
}
