import { z } from 'zod'
import {
  ConnectRequest,
  MissionSession,
  SessionIdRequest,
  SetupQrAnswer,
  SetupQrRequest,
  type SessionDetails,
} from '../../contract/session-commands.js'
import type { Access } from '../http/access.js'
import { member, scopeOf, type Actor, type KeyScope, type Member } from '../http/actor.js'
import type { Once } from '../http/idempotency.js'
import { route, type Route } from '../http/route.js'
import { connectByService } from './connect-by-service.js'
import type { SessionCommands } from './session-commands.js'
import { newIdOf, sessionIdOf, sessionIdParams } from './session-id-of.js'

export type MissionRoutesDeps = { commands: SessionCommands }

/** What `GET /sessions` answers with at most; the rest comes by `GET /api/v1/sessions`, page by page. */
const mostListed = 1_000
const pageSize = 200

const people = ['user', 'key'] as const

/** The routes that other services know by name: the same commands in fewer words. Each answers 200. */
export function missionRoutes({ commands }: MissionRoutesDeps): Route[] {
  return [
    ...routesAt('', ['service'], commands),
    ...routesAt('/api/whatsapp', people, commands),
    route({
      method: 'post',
      path: '/api/whatsapp/setup-qr',
      summary: 'Link an account by QR; the same sessionId again joins what is under way',
      access: { scope: 'sessions', kinds: people },
      audited: 'session.link',
      body: SetupQrRequest,
      answer: SetupQrAnswer,
      handle: async ({ actor, body, once }) =>
        presentQr(await connectByService(commands, scopeOf(actor), named({ ...body, method: 'qr' }, once))),
    }),
  ]
}

function routesAt(base: string, kinds: readonly Member['kind'][], commands: SessionCommands): Route[] {
  const may = (scope: KeyScope): Access => ({ scope, kinds })

  const all = async (actor: Actor): Promise<SessionDetails[]> => {
    const found: SessionDetails[] = []
    let cursor: string | undefined
    do {
      const page = await commands.list(scopeOf(actor), {
        limit: pageSize,
        only: member(actor).sessionIds,
        ...(cursor !== undefined && { cursor }),
      })
      found.push(...page.sessions)
      cursor = page.next ?? undefined
    } while (cursor !== undefined && found.length < mostListed)
    return found
  }

  return [
    route({
      method: 'post',
      path: `${base}/connect`,
      summary: 'Link an account, or connect the session of this id; the same sessionId again joins what is under way',
      access: may('sessions'),
      audited: 'session.connect',
      body: ConnectRequest,
      answer: MissionSession,
      handle: async ({ actor, body, once }) =>
        present(await connectByService(commands, scopeOf(actor), named(body, once))),
    }),
    route({
      method: 'post',
      path: `${base}/disconnect`,
      summary: 'Close a session and keep its credentials, or cancel a link under way',
      access: may('sessions'),
      audited: 'session.disconnect',
      body: SessionIdRequest,
      answer: MissionSession,
      handle: async ({ actor, body }) => present(await commands.disconnect(scopeOf(actor), body.sessionId)),
    }),
    route({
      method: 'post',
      path: `${base}/reconnect`,
      summary: 'Connect a session anew',
      access: may('sessions'),
      audited: 'session.reconnect',
      body: SessionIdRequest,
      answer: MissionSession,
      handle: async ({ actor, body }) => present(await commands.reconnect(scopeOf(actor), body.sessionId)),
    }),
    route({
      method: 'get',
      path: `${base}/session-status/:sessionId`,
      summary: 'State of a session, or of a link under way with its QR or code',
      access: may('read'),
      params: sessionIdParams,
      answer: MissionSession,
      handle: async ({ actor, params }) => present(await commands.view(scopeOf(actor), sessionIdOf(params))),
    }),
    route({
      method: 'get',
      path: `${base}/sessions`,
      summary: 'All sessions and links under way, 1,000 at most',
      access: { ...may('read'), manySessions: true },
      answer: z.array(MissionSession),
      handle: async ({ actor }) => (await all(actor)).map(present),
    }),
  ]
}

/** What names no id takes that of the request. */
function named(body: ConnectRequest, once: Once | null): ConnectRequest {
  const sessionId = body.sessionId ?? newIdOf(once)
  return sessionId === null ? body : { ...body, sessionId }
}

function presentQr({ sessionId, link }: SessionDetails): SetupQrAnswer {
  const { qrCode = null, queuePosition } = link ?? {}
  return {
    sessionId,
    qr: qrCode,
    message:
      qrCode === null ? 'Every place is taken; the QR code comes as soon as one is free' : 'Scan QR code with WhatsApp',
    step: 1,
    instructions: 'Open WhatsApp → Settings → Linked Devices → Scan this QR',
    ...(queuePosition !== undefined && { queuePosition }),
  }
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
