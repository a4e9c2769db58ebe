import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Operator } from './support/operator.js'
import { memberRow, operatorOf } from './support/people.js'
import { Rows } from './support/rows.js'
import { TestGateway } from './support/test-gateway.js'

let gateway: TestGateway
let here: Operator

beforeAll(async () => {
  const token = randomBytes(32).toString('hex')
  gateway = await TestGateway.start({ env: { WHATSAPP_SERVICE_TOKEN: token } })
  here = new Operator(gateway.url, token)
})

afterAll(() => gateway[Symbol.asyncDispose]())

test.each([
  [{ name: '' }, 'name'],
  [{ name: 'a\u0000b' }, 'name'],
  [{ name: 'x'.repeat(101) }, 'name'],
  [{ scopes: [] }, 'scopes'],
  [{ scopes: ['everything'] }, 'scopes[0]'],
  [{ scopes: ['read', 'read'] }, 'scopes'],
  [{ sessionIds: [] }, 'sessionIds'],
  [{ sessionIds: ['x'] }, 'sessionIds[0]'],
  [{ addresses: ['localhost'] }, 'addresses[0]'],
  [{ addresses: ['10.0.0.0/33'] }, 'addresses[0]'],
  [{ expiresAt: 'tomorrow' }, 'expiresAt'],
  [{ expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
  [{ userId: randomUUID() }, 'userId'],
  [{ workspaceId: randomUUID() }, 'workspaceId'],
])('%j is refused with its field', async (given, field) => {
  const { status, body } = await here.ask('POST', '/api/v1/api-keys', { name: 'Till', scopes: ['read'], ...given })
  expect({ status, body }).toMatchObject({
    status: 400,
    body: { code: 'validation_failed', errors: [{ path: field }] },
  })
})

test('nobody has more than fifty in force, however fast they make them', async () => {
  await using rows = new Rows(gateway.database.ownerUrl)
  const userId = await memberRow(rows, (await operatorOf(rows)).workspaceId)
  const answers = await Promise.all(
    Array.from({ length: 56 }, () =>
      here.ask('POST', '/api/v1/api-keys', { name: 'x', scopes: ['read'] }, { 'x-user-id': userId }),
    ),
  )
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(50)
  for (const { status, body } of answers.filter(answer => answer.status !== 200))
    expect({ status, body }).toMatchObject({ status: 409, body: { code: 'too_many_api_keys' } })
})
