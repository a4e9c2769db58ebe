import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Operator } from './support/operator.js'
import { TestGateway } from './support/test-gateway.js'

const token = randomBytes(32).toString('hex')
let gateway: TestGateway
let here: Operator

beforeAll(async () => {
  gateway = await TestGateway.start({ env: { WHATSAPP_SERVICE_TOKEN: token } })
  here = new Operator(gateway.url, token)
})

afterAll(() => gateway[Symbol.asyncDispose]())

test.each(['nonsense', randomUUID(), randomUUID().toUpperCase()])('a session %s is known to nobody', async id => {
  for (const [method, path, body] of [
    ['GET', ''],
    ['GET', '/history'],
    ['PATCH', '', { name: 'x' }],
    ...['connect', 'disconnect', 'reconnect', 'logout', 'hand-off'].map(name => ['POST', `/${name}`, {}] as const),
  ] as const)
    expect(await here.ask(method, `/api/v1/sessions/${id}${path}`, body)).toMatchObject({
      status: 404,
      body: { code: 'session_not_found' },
    })
})

test.each([
  ['POST', '', { method: 'code' }, 'phoneNumber'],
  ['POST', '', { mode: 'handed_off', deliverSessionId: false }, 'deliverSessionId'],
  ['POST', '', { sessionId: 'x' }, 'sessionId'],
  ['POST', '', { name: 'a\u0007b' }, 'name'],
  ['POST', '', { phoneNumber: 'none', method: 'code' }, 'phoneNumber'],
  ['POST', `/${randomUUID()}/connect`, { now: true }, 'now'],
  ['PATCH', `/${randomUUID()}`, {}, 'name'],
  ['GET', '?limit=0', undefined, 'limit'],
  ['GET', '?limit=201', undefined, 'limit'],
  ['GET', '?state=connected,well', undefined, 'state'],
  ['GET', '?cursor=x', undefined, 'cursor'],
  ['GET', '?colour=red', undefined, 'colour'],
  ['GET', `/${randomUUID()}/history?before=x`, undefined, 'before'],
] as const)('%s %s %j is refused for its field %s', async (method, path, body, field) => {
  expect(await here.ask(method, `/api/v1/sessions${path}`, body)).toMatchObject({
    status: 400,
    body: { code: 'validation_failed', errors: [{ path: field }] },
  })
})
