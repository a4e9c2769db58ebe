import { randomUUID } from 'node:crypto'
import type { Route } from '../../src/backend/http/route.js'
import { newKeyId } from '../../src/backend/api-keys/key-text.js'

/** What requests name. */
export type Named = {
  sessionId: string
  keyId: string
  userId: string
  workspaceId: string
  invitationId: string
  erasureId: string
}

/** Ids of nothing. */
export const nothing = (): Named => ({
  sessionId: randomUUID(),
  keyId: newKeyId(),
  userId: randomUUID(),
  workspaceId: randomUUID(),
  invitationId: randomUUID(),
  erasureId: randomUUID(),
})

/** What a route takes: the least that it would accept, and all that could name something of somebody's. */
export type RouteSample = {
  body?: (named: Named) => Record<string, unknown>
  query?: (named: Named) => Record<string, string>
  /** Ids outside the path, by the field that has them. */
  ids?: readonly string[]
  /** What has no such id yet is made under it. */
  makes?: true
  /** Changes nothing, whatever its method. */
  reads?: true
  /** What is good and names nothing of anybody: it is done for whoever asks. Without it `body`, if that names nothing. */
  acts?: () => Record<string, unknown>
}

const email = 'nobody@example.com'
/** Nobody’s, until an attack puts somebody’s there. */
export const password = 'a long enough horse'
const token = 'no token of anybody'
const empty: RouteSample = { body: () => ({}) }
const none: RouteSample = {}
const ofSession: RouteSample = { body: ({ sessionId }) => ({ sessionId }), ids: ['sessionId'] }

const connect: RouteSample = {
  body: ({ sessionId }) => ({ sessionId, sessionName: 'Till', phoneNumber: '254712345678', method: 'code' }),
  ids: ['sessionId'],
  makes: true,
  acts: () => ({}),
}

/** Every route has one; what is new is added here, and is tried from then on. */
const samples: Readonly<Record<string, RouteSample>> = {
  'GET /health': none,
  'GET /health/live': none,
  'GET /health/ready': none,
  'GET /openapi.json': none,
  'GET /api/page-settings': none,
  'POST /api/sessions/start': {
    body: () => ({ phoneNumber: '+254712345678' }),
    // whether it is a number is for whoever begins the link to say
    acts: () => ({ phoneNumber: '+1' }),
  },
  'GET /api/sessions/current': none,
  'GET /api/sessions/:sessionId': none,
  'DELETE /api/sessions/:sessionId': none,
  'POST /api/sessions/:sessionId/resend': empty,
  'POST /api/sessions/:sessionId/revoke': empty,
  'POST /connect': connect,
  'POST /disconnect': ofSession,
  'POST /reconnect': ofSession,
  'GET /session-status/:sessionId': none,
  'GET /sessions': none,
  'POST /api/whatsapp/connect': connect,
  'POST /api/whatsapp/disconnect': ofSession,
  'POST /api/whatsapp/reconnect': ofSession,
  'GET /api/whatsapp/session-status/:sessionId': none,
  'GET /api/whatsapp/sessions': none,
  'POST /api/whatsapp/setup-qr': { ...ofSession, makes: true, acts: () => ({}) },
  'GET /api/v1/sessions': { query: ({ sessionId }) => ({ cursor: sessionId, limit: '5', state: 'connected' }) },
  'POST /api/v1/sessions': {
    body: ({ sessionId }) => ({ sessionId, name: 'Till', phoneNumber: '254712345678', method: 'code' }),
    ids: ['sessionId'],
    makes: true,
    acts: () => ({}),
  },
  'GET /api/v1/sessions/:sessionId': none,
  'GET /api/v1/sessions/:sessionId/history': { query: () => ({ limit: '5', before: '7' }) },
  'PATCH /api/v1/sessions/:sessionId': { body: () => ({ name: 'Mine', visibility: 'workspace' }) },
  'DELETE /api/v1/sessions/:sessionId': none,
  'POST /api/v1/sessions/:sessionId/connect': empty,
  'POST /api/v1/sessions/:sessionId/disconnect': empty,
  'POST /api/v1/sessions/:sessionId/reconnect': empty,
  'POST /api/v1/sessions/:sessionId/logout': empty,
  'POST /api/v1/sessions/:sessionId/hand-off': { body: () => ({ deliverSessionId: false }) },
  'POST /api/v1/sessions/import': { body: () => ({ sessionIdString: 'WHIZLITE_nothing', botStopped: true }) },
  'POST /api/v1/sessions/:sessionId/take-back': { body: () => ({ botStopped: true }) },
  'GET /api/v1/api-keys': { query: ({ keyId }) => ({ cursor: keyId, limit: '5' }) },
  'POST /api/v1/api-keys': {
    body: ({ sessionId }) => ({
      name: 'Till',
      scopes: ['read'],
      sessionIds: [sessionId],
      addresses: ['10.0.0.0/8'],
      expiresAt: '2099-01-01T00:00:00Z',
    }),
    ids: ['sessionIds'],
    acts: () => ({ name: 'Till', scopes: ['read'] }),
  },
  'POST /api/v1/api-keys/:keyId/rotate': empty,
  'DELETE /api/v1/api-keys/:keyId': none,
  'POST /api/v1/ws-tickets': { body: () => ({ origin: 'https://app.example.com' }), reads: true },
  'POST /api/v1/auth/sign-in': {
    body: ({ workspaceId }) => ({ email, password, code: '123456', workspaceId, tokenIn: 'body' }),
  },
  'POST /api/v1/auth/delete-login': { body: () => ({ email, password, code: '123456' }) },
  'POST /api/v1/auth/refresh': { body: () => ({ refreshToken: token }) },
  'POST /api/v1/auth/sign-out': { body: () => ({ refreshToken: token }) },
  'POST /api/v1/auth/sign-out-everywhere': empty,
  'POST /api/v1/auth/claim-info': { body: () => ({ token }) },
  'POST /api/v1/auth/first-owner': { body: () => ({ token, email, password, name: 'Nobody', tokenIn: 'body' }) },
  'POST /api/v1/auth/accept-invitation': {
    body: () => ({ token, email, password, code: '123456', name: 'Nobody', tokenIn: 'body' }),
  },
  'POST /api/v1/auth/password': { body: () => ({ old: password, new: `${password}s` }) },
  'POST /api/v1/auth/totp/begin': { body: () => ({ password }) },
  'POST /api/v1/auth/totp/confirm': { body: () => ({ code: '123456' }) },
  'POST /api/v1/auth/totp/remove': { body: () => ({ password, code: '123456' }) },
  'POST /api/v1/auth/new-password': { body: () => ({ token, password }) },
  'POST /api/v1/auth/email': { body: () => ({ password, email }) },
  'POST /api/v1/auth/switch-workspace': { body: ({ workspaceId }) => ({ workspaceId }) },
  'GET /api/v1/me': none,
  'PATCH /api/v1/me': { body: () => ({ name: 'Somebody else' }) },
  'GET /api/v1/workspaces': none,
  'POST /api/v1/workspaces': { body: () => ({ name: 'Shop' }) },
  'PATCH /api/v1/workspaces/:workspaceId': { body: () => ({ name: 'Shop' }) },
  'GET /api/v1/members': none,
  'PATCH /api/v1/members/:userId': { body: () => ({ role: 'member', suspended: true }) },
  'DELETE /api/v1/members/:userId': none,
  'GET /api/v1/invitations': none,
  'POST /api/v1/invitations': { body: () => ({ role: 'member', email }) },
  'DELETE /api/v1/invitations/:invitationId': none,
  'GET /api/v1/audit': { query: () => ({ limit: '5' }) },
  'POST /api/v1/privacy/erasures': {
    body: ({ workspaceId }) => ({ workspaceId }),
    ids: ['workspaceId'],
    acts: () => ({ contact: '254700000009' }),
  },
  'GET /api/v1/privacy/erasures': none,
  'GET /api/v1/privacy/erasures/:erasureId': none,
  'POST /api/v1/privacy/export': { body: () => ({}), reads: true },
}

export const nameOf = ({ method, path }: Pick<Route, 'method' | 'path'>): string => `${method.toUpperCase()} ${path}`

/** @throws for a route that nobody has said anything about */
export function sampleOf(route: Route): RouteSample {
  const sample = samples[nameOf(route)]
  if (sample === undefined)
    throw new Error(`${nameOf(route)} has no sample: say in tests/support/route-samples.ts what it takes.`)
  for (const part of ['body', 'query'] as const) {
    const given = sample[part]?.(nothing())
    if ((given === undefined) !== (route[part] === undefined))
      throw new Error(`The sample of ${nameOf(route)} has a ${part} where the route has none, or the other way round.`)
    const read = route[part]?.safeParse(given)
    if (read?.success === false) throw new Error(`${nameOf(route)} does not take its sample: ${read.error.message}`)
  }
  return sample
}

/** Samples of routes that are not there. */
export function unusedSamples(routes: readonly Route[]): string[] {
  const there = new Set(routes.map(nameOf))
  return Object.keys(samples).filter(name => !there.has(name))
}

/** The path with its ids, and what stands behind its question mark. */
export function addressOf(route: Route, named: Named, query = sampleOf(route).query?.(named)): string {
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => {
    if (!(name in named)) throw new Error(`nobody knows what :${name} is: say it in Named`)
    return named[name as keyof Named]
  })
  return query === undefined ? path : `${path}?${new URLSearchParams(query).toString()}`
}

/** Which ids of somebody's a request of this route names. */
export function namedBy(route: Route): (keyof Named)[] {
  const inPath = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name as keyof Named)
  const inBody = (sampleOf(route).ids ?? []).map(field => (field === 'sessionIds' ? 'sessionId' : field) as keyof Named)
  return [...inPath, ...inBody]
}
