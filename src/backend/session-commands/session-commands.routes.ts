import { z } from 'zod'
import {
  ChangeSessionRequest,
  DeletedSession,
  HandOffRequest,
  LinkSessionRequest,
  ListSessionsQuery,
  SessionDetails,
  SessionHistoryQuery,
  SessionList,
} from '../../contract/session-commands.js'
import { SessionHistory } from '../../contract/session-view.js'
import { member, scopeOf } from '../http/actor.js'
import { route, type Route } from '../http/route.js'
import type { SessionCommands } from './session-commands.js'
import { newIdOf, sessionIdOf, sessionIdParams } from './session-id-of.js'

export type SessionCommandRoutesDeps = { commands: SessionCommands }

const base = '/api/v1/sessions'
const one = `${base}/:sessionId`

/** Sessions and what may be asked of them, for whoever may see them. */
export function sessionCommandRoutes({ commands }: SessionCommandRoutesDeps): Route[] {
  const command = (
    name: 'connect' | 'disconnect' | 'reconnect' | 'logout',
    summary: string,
    run: 'connect' | 'disconnect' | 'reconnect' | 'logOut',
  ): Route =>
    route({
      method: 'post',
      path: `${one}/${name}`,
      summary,
      access: { scope: 'sessions' },
      audited: `session.${name}`,
      params: sessionIdParams,
      body: z.strictObject({}),
      answer: SessionDetails,
      handle: ({ actor, params }) => commands[run](scopeOf(actor), sessionIdOf(params)),
    })

  return [
    route({
      method: 'get',
      path: base,
      summary: 'Sessions that the caller sees, and their own links under way, page by page, of all states or of some',
      access: { scope: 'read', manySessions: true },
      query: ListSessionsQuery,
      answer: SessionList,
      handle: ({ actor, query }) => commands.list(scopeOf(actor), { ...query, only: member(actor).sessionIds }),
    }),
    route({
      method: 'post',
      path: base,
      summary: 'Start a link and answer with its QR or pairing code; the same sessionId again joins it',
      access: { scope: 'sessions' },
      audited: 'session.link',
      body: LinkSessionRequest,
      answer: SessionDetails,
      handle: ({ actor, body: { sessionId, name, phoneNumber, method, mode, deliverSessionId }, once }) =>
        commands.link(scopeOf(actor), {
          sessionId: sessionId ?? newIdOf(once),
          name: name ?? null,
          phoneNumber: phoneNumber ?? null,
          method,
          mode,
          deliver: deliverSessionId ?? mode === 'handed_off',
        }),
    }),
    route({
      method: 'get',
      path: one,
      summary: 'One session with its state and the reason for it; while a link is under way, with its QR or code',
      access: { scope: 'read' },
      params: sessionIdParams,
      answer: SessionDetails,
      handle: ({ actor, params }) => commands.view(scopeOf(actor), sessionIdOf(params)),
    }),
    route({
      method: 'get',
      path: `${one}/history`,
      summary: 'What a session was and why, newest first',
      access: { scope: 'read' },
      params: sessionIdParams,
      query: SessionHistoryQuery,
      answer: SessionHistory,
      handle: ({ actor, params, query }) =>
        commands.history(scopeOf(actor), { sessionId: sessionIdOf(params), ...query }),
    }),
    route({
      method: 'patch',
      path: one,
      summary: 'Give a session a name or take it away, and decide who sees it',
      access: { scope: 'sessions' },
      audited: 'session.change',
      params: sessionIdParams,
      body: ChangeSessionRequest,
      answer: SessionDetails,
      handle: ({ actor, params, body }) => commands.change(scopeOf(actor), { sessionId: sessionIdOf(params), ...body }),
    }),
    route({
      method: 'delete',
      path: one,
      summary: 'Log a session out as far as that can be done and delete it, or cancel a link under way',
      access: { scope: 'sessions' },
      audited: 'session.delete',
      params: sessionIdParams,
      answer: DeletedSession,
      handle: ({ actor, params }) => commands.delete(scopeOf(actor), sessionIdOf(params)),
    }),
    command('connect', 'Connect a session and keep it connected', 'connect'),
    command(
      'disconnect',
      'Close a session and keep its credentials: nothing connects it until somebody asks for it',
      'disconnect',
    ),
    command('reconnect', 'Make a new connection now, also when the session is connected', 'reconnect'),
    command('logout', 'Take the device off the account; while WhatsApp cannot be reached, as soon as it can', 'logOut'),
    route({
      method: 'post',
      path: `${one}/hand-off`,
      summary: 'Leave a session to a bot: close it without logging out, if wanted after sending its session ID',
      access: { scope: 'sessions' },
      audited: 'session.hand_off',
      params: sessionIdParams,
      body: HandOffRequest,
      answer: SessionDetails,
      handle: ({ actor, params, body: { deliverSessionId } }) =>
        commands.handOff(scopeOf(actor), { sessionId: sessionIdOf(params), deliverSessionId }),
    }),
  ]
}
