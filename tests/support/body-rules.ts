import { randomUUID } from 'node:crypto'
import type { Route } from '../../src/backend/http/route.js'
import {
  contact,
  email,
  flag,
  listOf,
  moment,
  oneOf,
  optional,
  origin,
  orNull,
  phoneNumber,
  secondFactor,
  secretText,
  sessionIdText,
  uuid,
  words,
  type FieldRule,
} from './field-rules.js'
import { nameOf, nothing, sampleOf } from './route-samples.js'

type Body = Record<string, unknown>

export type BodyRule = {
  fields: Readonly<Record<string, FieldRule>>
  /** There is one of them alone. */
  oneAlone?: true
  /** Bad as a whole, though every field is good. */
  refuses?: readonly Body[]
  /** What the fields must say together. */
  is?: (body: Body) => boolean
}

const nobody: BodyRule = { fields: {} }
const role = oneOf('member', 'admin', 'owner')
const tokenIn = optional(oneOf('body', 'cookie'))
const method = optional(oneOf('code', 'qr'))
const password = secretText(1, 256)
const token = secretText(0, 200)
const ofSession: BodyRule = { fields: { sessionId: uuid } }
const named: BodyRule = { fields: { name: words(200) } }
const refreshed: BodyRule = { fields: { refreshToken: optional(token) } }

const hasNumber = ({ method: by, phoneNumber: number }: Body) => by !== 'code' || number !== undefined

const connect: BodyRule = {
  fields: {
    sessionId: optional(uuid),
    sessionName: optional(words(100)),
    phoneNumber: optional(phoneNumber),
    method,
    deliverSessionId: optional(flag),
  },
  refuses: [{ method: 'code' }],
  is: hasNumber,
}

/** By hand, as `FieldRule`: what every route that reads a body takes. */
const rules: Readonly<Record<string, BodyRule>> = {
  'POST /api/sessions/start': { fields: { phoneNumber: optional(phoneNumber) } },
  'POST /api/sessions/:sessionId/resend': nobody,
  'POST /api/sessions/:sessionId/revoke': nobody,
  'POST /connect': connect,
  'POST /disconnect': ofSession,
  'POST /reconnect': ofSession,
  'POST /api/whatsapp/connect': connect,
  'POST /api/whatsapp/disconnect': ofSession,
  'POST /api/whatsapp/reconnect': ofSession,
  'POST /api/whatsapp/setup-qr': {
    fields: { sessionId: optional(uuid), sessionName: optional(words(100)), deliverSessionId: optional(flag) },
  },
  'POST /api/v1/sessions': {
    fields: {
      sessionId: optional(uuid),
      name: optional(words(100)),
      phoneNumber: optional(phoneNumber),
      method,
      mode: optional(oneOf('managed', 'handed_off')),
      deliverSessionId: optional(flag),
    },
    refuses: [{ method: 'code' }, { mode: 'handed_off', deliverSessionId: false }],
    is: body => hasNumber(body) && !(body['mode'] === 'handed_off' && body['deliverSessionId'] === false),
  },
  'PATCH /api/v1/sessions/:sessionId': {
    fields: { name: optional(orNull(words(100))), visibility: optional(oneOf('private', 'workspace')) },
    refuses: [{}],
    is: body => Object.keys(body).length > 0,
  },
  'POST /api/v1/sessions/:sessionId/connect': nobody,
  'POST /api/v1/sessions/:sessionId/disconnect': nobody,
  'POST /api/v1/sessions/:sessionId/reconnect': nobody,
  'POST /api/v1/sessions/:sessionId/logout': nobody,
  'POST /api/v1/sessions/:sessionId/hand-off': { fields: { deliverSessionId: optional(flag) } },
  'POST /api/v1/sessions/import': { fields: { sessionIdString: sessionIdText, botStopped: optional(flag) } },
  'POST /api/v1/sessions/:sessionId/take-back': {
    fields: { sessionIdString: optional(sessionIdText), botStopped: optional(flag) },
  },
  'POST /api/v1/api-keys': {
    fields: {
      name: words(100, /\p{C}/u),
      scopes: listOf(
        oneOf('read', 'send', 'sessions', 'settings', 'admin'),
        5,
        n => ['read', 'send', 'sessions', 'settings', 'admin'][n] ?? 'read',
      ),
      sessionIds: optional(listOf(uuid, 100, n => `f3a1c1de-3a4e-4a52-9d8a-1b9f0a6c${1_000 + n}`)),
      addresses: optional(
        listOf(
          {
            is: value => typeof value === 'string' && /^[\da-f:.]+(\/\d{1,3})?$/i.test(value),
            takes: ['10.0.0.0/8', '2001:db8::/32', '192.0.2.7'],
            refuses: ['', 'localhost', '10.0.0', '10.0.0.256', '10.0.0.0/33', '2001:db8::/129', '*'],
          },
          50,
          n => `10.0.${n}.0/24`,
        ),
      ),
      expiresAt: optional(moment),
    },
  },
  'POST /api/v1/api-keys/:keyId/rotate': nobody,
  'POST /api/v1/ws-tickets': { fields: { origin: optional(origin) } },
  'POST /api/v1/auth/sign-in': {
    fields: { email, password, code: optional(secondFactor), workspaceId: optional(uuid), tokenIn },
  },
  'POST /api/v1/auth/delete-login': { fields: { email, password, code: optional(secondFactor) } },
  'POST /api/v1/auth/refresh': refreshed,
  'POST /api/v1/auth/sign-out': refreshed,
  'POST /api/v1/auth/sign-out-everywhere': nobody,
  'POST /api/v1/auth/claim-info': { fields: { token } },
  'POST /api/v1/auth/first-owner': { fields: { token, email, password, name: words(200), tokenIn } },
  'POST /api/v1/auth/accept-invitation': {
    fields: { token, email: optional(email), password, code: optional(secondFactor), name: words(200), tokenIn },
  },
  'POST /api/v1/auth/password': { fields: { old: password, new: password } },
  'POST /api/v1/auth/totp/begin': { fields: { password } },
  'POST /api/v1/auth/totp/confirm': { fields: { code: secondFactor } },
  'POST /api/v1/auth/totp/remove': { fields: { password, code: secondFactor } },
  'POST /api/v1/auth/new-password': { fields: { token, password } },
  'POST /api/v1/auth/email': { fields: { password, email } },
  'POST /api/v1/auth/switch-workspace': { fields: { workspaceId: uuid } },
  'PATCH /api/v1/me': named,
  'POST /api/v1/workspaces': named,
  'PATCH /api/v1/workspaces/:workspaceId': named,
  'PATCH /api/v1/members/:userId': {
    fields: { role: optional(role), suspended: optional(flag) },
    refuses: [{}],
    is: body => Object.keys(body).length > 0,
  },
  'POST /api/v1/invitations': { fields: { role, email: optional(email) } },
  'POST /api/v1/privacy/erasures': {
    fields: { contact: optional(contact), workspaceId: optional(uuid) },
    oneAlone: true,
    refuses: [{}, { contact: '254712345678', workspaceId: randomUUID() }],
    is: body => Object.keys(body).length === 1,
  },
  'POST /api/v1/privacy/export': { fields: { contact: optional(contact) } },
}

/** @throws for a route that nobody has said anything about */
export function ruleOf(route: Route): BodyRule {
  const rule = rules[nameOf(route)]
  if (rule === undefined) throw new Error(`${nameOf(route)}: say in tests/support/body-rules.ts what its body takes.`)
  return rule
}

/** Rules of routes that are not there. */
export const unusedRules = (routes: readonly Route[]): string[] => {
  const there = new Set(routes.map(nameOf))
  return Object.keys(rules).filter(name => !there.has(name))
}

/** Whether it may be taken: what is not must be refused, whatever the route's schema says. */
export function mayTake(route: Route, sent: unknown): boolean {
  const { fields, is } = ruleOf(route)
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent)) return false
  const body = sent as Body
  const known = Object.entries(fields).every(([name, rule]) =>
    name in body ? rule.is(body[name]) : rule.optional === true,
  )
  return known && Object.keys(body).every(name => name in fields) && is?.(body) !== false
}

export type BadBody = { body: Body; fields: readonly string[] }

/** All that its rule names as bad, one thing at a time, each in an otherwise good body. */
export function badByRule(route: Route): BadBody[] {
  const { fields, refuses = [], oneAlone } = ruleOf(route)
  const sample = sampleOf(route).body?.(nothing()) ?? {}
  const good = oneAlone ? {} : sample
  return [
    ...Object.entries(fields).flatMap(([name, rule]) => [
      ...rule.refuses.map(bad => ({ body: { ...good, [name]: bad }, fields: [name] })),
      ...(rule.optional ? [] : [{ body: without(good, name), fields: [name] }]),
    ]),
    ...refuses.map(body => ({ body, fields: [] })),
    { body: { ...sample, surprise: 1 }, fields: ['surprise'] },
  ]
}

/** Good ones, each field at each of its limits. */
export function goodByRule(route: Route): Body[] {
  const { fields, oneAlone } = ruleOf(route)
  const good = oneAlone ? {} : (sampleOf(route).body?.(nothing()) ?? {})
  const all = Object.entries(fields).flatMap(([name, rule]) => rule.takes.map(value => ({ ...good, [name]: value })))
  return all.filter(body => mayTake(route, body))
}

export const without = (body: Body, name: string): Body =>
  Object.fromEntries(Object.entries(body).filter(([field]) => field !== name))
