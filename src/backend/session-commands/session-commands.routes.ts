import { z } from 'zod'
import type { WorkspaceId } from '../../contract/ids.js'
import {
  DeletedSession,
  HandOffRequest,
  LinkSessionRequest,
  ListSessionsQuery,
  RenameSessionRequest,
  SessionDetails,
  SessionHistoryQuery,
  SessionList,
} from '../../contract/session-commands.js'
import { SessionHistory } from '../../contract/session-view.js'
import { route, type Route } from '../http/route.js'
import type { CommandScope } from './command-scope.js'
import type { SessionCommands } from './session-commands.js'
import { sessionIdOf, sessionIdParams } from './session-id-of.js'

export type SessionCommandRoutesDeps = { commands: SessionCommands; workspaceId: () => WorkspaceId }

const base = '/api/v1/sessions'
const one = `${base}/:sessionId`

/** Sessions and what may be asked of them, for the operator's own programs and the command line, in the operator's workspace. */
export function sessionCommandRoutes({ commands, workspaceId }: SessionCommandRoutesDeps): Route[] {
  const scope = (): CommandScope => ({ workspaceId: workspaceId() })

  const command = (name: string, summary: string, run: 'connect' | 'disconnect' | 'reconnect' | 'logOut'): Route =>
    route({
      method: 'post',
      path: `${one}/${name}`,
      summary,
      actor: 'service',
      params: sessionIdParams,
      body: z.strictObject({}),
      answer: SessionDetails,
      handle: ({ params }) => commands[run](scope(), sessionIdOf(params)),
    })

  return [
    route({
      method: 'get',
      path: base,
      summary: 'Sessions, and links under way that a service has begun, page by page, of all states or of some',
      actor: 'service',
      query: ListSessionsQuery,
      answer: SessionList,
      handle: ({ query }) => commands.list(scope(), query),
    }),
    route({
      method: 'post',
      path: base,
      summary: 'Start a link and answer with its QR or pairing code; the same sessionId again joins it',
      actor: 'service',
      body: LinkSessionRequest,
      answer: SessionDetails,
      handle: ({ body: { sessionId, name, phoneNumber, method, mode, deliverSessionId } }) =>
        commands.link(scope(), {
          sessionId: sessionId ?? null,
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
      actor: 'service',
      params: sessionIdParams,
      answer: SessionDetails,
      handle: ({ params }) => commands.view(scope(), sessionIdOf(params)),
    }),
    route({
      method: 'get',
      path: `${one}/history`,
      summary: 'What a session was and why, newest first',
      actor: 'service',
      params: sessionIdParams,
      query: SessionHistoryQuery,
      answer: SessionHistory,
      handle: ({ params, query }) => commands.history(scope(), { sessionId: sessionIdOf(params), ...query }),
    }),
    route({
      method: 'patch',
      path: one,
      summary: 'Give a session a name, or take it away',
      actor: 'service',
      params: sessionIdParams,
      body: RenameSessionRequest,
      answer: SessionDetails,
      handle: ({ params, body: { name } }) => commands.rename(scope(), { sessionId: sessionIdOf(params), name }),
    }),
    route({
      method: 'delete',
      path: one,
      summary: 'Log a session out as far as that can be done and delete it, or cancel a link under way',
      actor: 'service',
      params: sessionIdParams,
      answer: DeletedSession,
      handle: ({ params }) => commands.delete(scope(), sessionIdOf(params)),
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
      actor: 'service',
      params: sessionIdParams,
      body: HandOffRequest,
      answer: SessionDetails,
      handle: ({ params, body: { deliverSessionId } }) =>
        commands.handOff(scope(), { sessionId: sessionIdOf(params), deliverSessionId }),
    }),
  ]
}
