import { randomBytes, randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { UserId, WorkspaceId } from '../../contract/ids.js'
import type { Member } from './actor.js'
import { createIdentify } from './identify.js'
import { createRequestLimit } from './request-limit.js'

const serviceToken = randomBytes(32).toString('hex')
const operator = { workspaceId: WorkspaceId.parse(randomUUID()), userId: UserId.parse(randomUUID()) }
const other = { workspaceId: WorkspaceId.parse(randomUUID()), userId: UserId.parse(randomUUID()) }
const colleague = UserId.parse(randomUUID())
const key: Member = {
  ...operator,
  kind: 'key',
  role: 'member',
  scopes: new Set(['read']),
  sessionIds: null,
  address: '',
}

const members = new Map([
  [`${operator.workspaceId} ${colleague}`, { role: 'member' as const }],
  [`${other.workspaceId} ${other.userId}`, { role: 'admin' as const }],
])
const asked: string[] = []

const identify = createIdentify({
  serviceToken,
  cookies: { secure: false },
  addressOf: () => '192.0.2.1',
  operator: () => operator,
  findMember: async (workspaceId, userId) => members.get(`${workspaceId} ${userId}`) ?? null,
  verifyAccessToken: async token => {
    asked.push(token)
    return { ...other, role: 'member', loginVersion: 3 }
  },
  verifyApiKey: async text => {
    asked.push(text)
    return key
  },
  guesses: createRequestLimit({ most: 100, withinMs: 60_000 }),
})

const ask = (headers: Record<string, string>) => identify({ headers } as unknown as IncomingMessage)
const service = { authorization: `Bearer ${serviceToken}` }

test.each([
  [{}, { ...operator, role: 'owner' }],
  [{ 'x-user-id': colleague }, { workspaceId: operator.workspaceId, userId: colleague, role: 'member' }],
  [
    { 'x-user-id': other.userId, 'x-workspace-id': other.workspaceId },
    { ...other, role: 'admin' },
  ],
])('the service token with %j asks for its member', async (headers, expected) => {
  expect(await ask({ ...service, ...headers })).toMatchObject({ kind: 'service', ...expected, sessionIds: null })
})

test.each([
  { 'x-user-id': '' },
  { 'x-user-id': 'nobody' },
  { 'x-user-id': randomUUID() },
  { 'x-user-id': `${colleague}, ${other.userId}` },
  // a member, of another workspace
  { 'x-user-id': other.userId },
  { 'x-user-id': colleague, 'x-workspace-id': other.workspaceId },
  { 'x-user-id': other.userId, 'x-workspace-id': 'x' },
  // whose of its members is not said
  { 'x-workspace-id': other.workspaceId },
])('the service token with %j asks for nobody', async headers => {
  await expect(ask({ ...service, ...headers })).rejects.toMatchObject({ status: 400, code: 'user_unknown' })
})

test('whoever has another proof is who it says, whatever they name', async () => {
  const names = { 'x-user-id': other.userId, 'x-workspace-id': other.workspaceId }
  expect(await ask({ authorization: 'Bearer whiz_live_x', ...names })).toMatchObject({ kind: 'key', ...operator })
  const asColleague = { 'x-user-id': colleague, 'x-workspace-id': operator.workspaceId }
  expect(await ask({ authorization: 'Bearer aa.bb.cc', ...asColleague })).toMatchObject({
    kind: 'user',
    ...other,
    scopes: new Set(['read', 'send', 'sessions']),
    loginVersion: 3,
  })
  expect(await ask(names)).toMatchObject({ kind: 'visitor' })
})

test('a proof is told by its form, and looked at by nobody else', async () => {
  asked.length = 0
  for (const [proof, by] of [
    ['aa.bb.cc', 1],
    ['whiz_live_aa.bb.cc', 1],
    ['aa.bb', 0],
    ['aa.bb.cc.dd', 0],
    ['a+.bb.cc', 0],
    [serviceToken, 0],
    ['x'.repeat(5_000), 0],
  ] as const) {
    await ask({ authorization: `Bearer ${proof}` }).catch(() => {})
    expect(asked.splice(0)).toHaveLength(by)
  }
})

test('who asks is found out once for each request', async () => {
  asked.length = 0
  const request = { headers: { authorization: 'Bearer aa.bb.cc' } } as unknown as IncomingMessage
  const [first, again] = await Promise.all([identify(request), identify(request)])
  expect(again).toBe(first)
  expect(asked).toHaveLength(1)
})
