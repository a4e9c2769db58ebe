import type { Response } from 'express'
import { z } from 'zod'
import { SessionId } from '../../contract/ids.js'
import { LinkAttemptView, PageSettings, StartLinkAnswer, StartLinkRequest } from '../../contract/linking.js'
import { visitorToken } from '../http/actor.js'
import { visitorCookie, type CookieSettings } from '../http/attempt-cookie.js'
import { route, type Route } from '../http/route.js'
import { attemptNotFound } from './errors.js'
import type { Linking } from './linking.js'

export type LinkingRoutesDeps = { linking: Linking; cookies: CookieSettings; page: PageSettings }

/** An id that is no UUID is answered like any unknown one. */
const params = z.object({ sessionId: z.string() })

function sessionIdOf({ sessionId }: { sessionId: string }): SessionId {
  const parsed = SessionId.safeParse(sessionId)
  if (!parsed.success) throw attemptNotFound()
  return parsed.data
}

function goneSignal(response: Response): AbortSignal {
  const gone = new AbortController()
  const onClose = () => {
    if (!response.writableFinished) gone.abort()
  }
  if (response.closed) onClose()
  else response.once('close', onClose)
  return gone.signal
}

export function linkingRoutes({ linking, cookies, page }: LinkingRoutesDeps): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/page-settings',
      summary: 'What the linking page needs to know before anything is started',
      answer: PageSettings,
      handle: async () => page,
    }),
    route({
      method: 'post',
      path: '/api/sessions/start',
      summary:
        'Start linking an account, by QR or by a code for a phone number, or join the attempt this browser has under way',
      body: StartLinkRequest,
      answer: StartLinkAnswer,
      async handle({ actor, body, response }) {
        const address = actor.kind === 'service' ? null : actor.address
        const { visitor, answer } = await linking.link(visitorToken(actor), {
          ...body,
          address,
          gone: goneSignal(response),
        })
        response.append('Set-Cookie', visitorCookie(visitor, cookies))
        return answer
      },
    }),
    route({
      method: 'get',
      path: '/api/sessions/current',
      summary: 'The attempt of this browser; null when it has none, which is no error: every first visit asks',
      answer: LinkAttemptView.nullable(),
      handle: ({ actor }) => linking.current(visitorToken(actor)),
    }),
    route({
      method: 'get',
      path: '/api/sessions/:sessionId',
      summary: 'State of an attempt, for the browser that started it',
      params,
      answer: LinkAttemptView,
      handle: ({ actor, params: { sessionId } }) => linking.view(visitorToken(actor), sessionIdOf({ sessionId })),
    }),
    route({
      method: 'delete',
      path: '/api/sessions/:sessionId',
      summary: 'Cancel an attempt',
      params,
      handle: ({ actor, params: { sessionId } }) => linking.cancel(visitorToken(actor), sessionIdOf({ sessionId })),
    }),
  ]
}
