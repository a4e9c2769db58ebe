import { z } from 'zod'
import {
  ConnectRequest,
  MissionSession,
  SessionIdRequest,
  type SessionDetails,
} from '../../contract/session-commands.js'
import type { Access } from '../http/access.js'
import { scopeOf, type KeyScope } from '../http/actor.js'
import { route, type Route } from '../http/route.js'
import { connectByService } from './connect-by-service.js'
import type { CommandScope } from './command-scope.js'
import type { SessionCommands } from './session-commands.js'
import { sessionIdOf, sessionIdParams } from './session-id-of.js'

export type MissionRoutesDeps = { commands: SessionCommands }

/** What `GET /sessions` answers with at most; the rest comes by `GET /api/v1/sessions`, page by page. */
const mostListed = 1_000
const pageSize = 200

/** The routes that other services know by name: the same commands in fewer words. Each answers 200. */
export function missionRoutes({ commands }: MissionRoutesDeps): Route[] {
  const access = (scope: KeyScope): Access => ({ scope, kinds: ['service'] })

  const all = async (scope: CommandScope): Promise<SessionDetails[]> => {
    const found: SessionDetails[] = []
    let cursor: string | undefined
    do {
      const page = await commands.list(scope, { limit: pageSize, ...(cursor !== undefined && { cursor }) })
      found.push(...page.sessions)
      cursor = page.next ?? undefined
    } while (cursor !== undefined && found.length < mostListed)
    return found
  }

  return [
    route({
      method: 'post',
      path: '/connect',
      summary: 'Link an account, or connect the session of this id; the same sessionId again joins what is under way',
      access: access('sessions'),
      body: ConnectRequest,
      answer: MissionSession,
      handle: async ({ actor, body }) => present(await connectByService(commands, scopeOf(actor), body)),
    }),
    route({
      method: 'post',
      path: '/disconnect',
      summary: 'Close a session and keep its credentials, or cancel a link under way',
      access: access('sessions'),
      body: SessionIdRequest,
      answer: MissionSession,
      handle: async ({ actor, body }) => present(await commands.disconnect(scopeOf(actor), body.sessionId)),
    }),
    route({
      method: 'post',
      path: '/reconnect',
      summary: 'Connect a session anew',
      access: access('sessions'),
      body: SessionIdRequest,
      answer: MissionSession,
      handle: async ({ actor, body }) => present(await commands.reconnect(scopeOf(actor), body.sessionId)),
    }),
    route({
      method: 'get',
      path: '/session-status/:sessionId',
      summary: 'State of a session, or of a link under way with its QR or code',
      access: access('read'),
      params: sessionIdParams,
      answer: MissionSession,
      handle: async ({ actor, params }) => present(await commands.view(scopeOf(actor), sessionIdOf(params))),
    }),
    route({
      method: 'get',
      path: '/sessions',
      summary: 'All sessions and links under way, 1,000 at most',
      access: access('read'),
      answer: z.array(MissionSession),
      handle: async ({ actor }) => (await all(scopeOf(actor))).map(present),
    }),
  ]
}

function present({ sessionId, status, state, reason, since, link }: SessionDetails): MissionSession {
  const { qrCode, pairingCode, queuePosition } = link ?? {}
  return {
    sessionId,
    status,
    state,
    reason,
    since,
    ...(qrCode !== undefined && { qrCode }),
    ...(pairingCode !== undefined && { pairingCode }),
    ...(queuePosition !== undefined && { queuePosition }),
  }
}
