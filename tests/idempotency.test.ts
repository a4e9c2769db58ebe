import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readKey } from '../src/backend/api-keys/key-text.js'
import { DatabaseText } from './support/database-text.js'
import type { Operator } from './support/operator.js'
import { memberRow, operatorOf } from './support/people.js'
import type { Rows } from './support/rows.js'
import { TwoNodes } from './support/two-nodes.js'

let nodes: TwoNodes
let rows: Rows
let here: Operator
let there: Operator

beforeAll(async () => {
  nodes = await TwoNodes.start()
  ;({ rows, here, there } = nodes)
})

afterAll(() => nodes[Symbol.asyncDispose]())

const path = '/api/v1/api-keys'
const till = { name: 'Till', scopes: ['read'] }
const make = (key: string, body: object = till, asks = here, headers = {}) =>
  asks.ask('POST', path, body, { 'idempotency-key': key, ...headers })
const countKeys = async () => (await rows.query('select from api_keys')).length

describe('a request that is sent again with its key', () => {
  test('has the answer that it had but for the key, which is shown once, on every node, and nothing is made twice', async () => {
    const key = randomUUID()
    const before = await countKeys()
    const first = await make(key)
    expect(first.status).toBe(200)
    expect(first.headers.get('idempotency-replayed')).toBeNull()
    for (const asks of [here, there]) {
      const again = await make(key, till, asks)
      expect({ status: again.status, body: again.body }).toEqual({ status: 200, body: { ...first.body, key: null } })
      expect(again.headers.get('idempotency-replayed')).toBe('true')
    }
    expect(await countKeys()).toBe(before + 1)
    const secret = readKey(String(first.body['key']))?.secret ?? ''
    await using database = await DatabaseText.open(nodes.gateway.database.ownerUrl)
    const dump = JSON.stringify(await database.dump())
    expect(dump).not.toContain(secret)
    expect(dump).not.toContain(Buffer.from(secret).toString('hex'))
  })

  test('a hundred times at once makes one', async () => {
    const key = randomUUID()
    const before = await countKeys()
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => make(key, till, i % 2 === 0 ? here : there)),
    )
    expect(await countKeys()).toBe(before + 1)
    const made = answers.filter(({ status }) => status === 200)
    expect(new Set(made.map(({ body }) => body['id'])).size).toBe(1)
    const shown = made.flatMap(({ body }) => body['key'] ?? [])
    expect(shown).toHaveLength(1)
    for (const { status, body, headers } of answers.filter(answer => answer.status !== 200)) {
      expect({ status, body }).toMatchObject({ status: 409, body: { code: 'idempotency_in_flight' } })
      expect(headers.get('retry-after')).toBe('1')
    }
    expect((await make(key)).body).toEqual({ ...made[0]?.body, key: null })
  })

  test('is another request with another body, method or address, and with the same key refused', async () => {
    const key = randomUUID()
    const { body } = await make(key)
    const others = [
      make(key, { ...till, name: 'Other' }),
      make(key, till, there, {}).then(() => make(key, { scopes: ['read'], name: 'Tills' })),
      here.ask('POST', `${path}/${String(body['id'])}/rotate`, {}, { 'idempotency-key': key }),
      here.ask('POST', `${path}?x=1`, till, { 'idempotency-key': key }),
    ]
    for (const answer of await Promise.all(others))
      expect(answer).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } })
  })

  test('is one’s own: others have keys of the same name', async () => {
    const key = randomUUID()
    const { workspaceId } = await operatorOf(rows)
    const [one, two] = [await memberRow(rows, workspaceId), await memberRow(rows, workspaceId)]
    const mine = await make(key)
    const theirs = await make(key, till, here, { 'x-user-id': one })
    const others = await make(key, { ...till, name: 'Different' }, here, { 'x-user-id': two })
    expect(new Set([mine, theirs, others].map(({ body }) => body['id'])).size).toBe(3)
    expect([mine, theirs, others].map(({ status }) => status)).toEqual([200, 200, 200])
  })

  test('that was refused is looked at anew', async () => {
    const key = randomUUID()
    const unknown = { ...till, sessionIds: [randomUUID()] }
    for (let i = 0; i < 2; i++) {
      const refused = await make(key, unknown)
      expect(refused).toMatchObject({ status: 404, body: { code: 'session_not_found' } })
      expect(refused.headers.get('idempotency-replayed')).toBeNull()
    }
  })

  test('a day later is a new one', async () => {
    const key = randomUUID()
    const first = await make(key)
    await rows.query(`update idempotent_requests set created_at = now() - interval '25 hours' where key = $1`, [key])
    const next = await make(key, { ...till, name: 'Next day' })
    expect(next).toMatchObject({ status: 200, body: { name: 'Next day' } })
    expect(next.body['id']).not.toBe(first.body['id'])
  })
})

describe('a try that a crash has ended', () => {
  /** As a process leaves it that dies between its claim and its answer. */
  const leave = (key: string, until: string) =>
    rows.query(
      `update idempotent_requests set status = null, answer = null, try_id = gen_random_uuid(),
         try_until = clock_timestamp() + $2::interval where key = $1`,
      [key, until],
    )

  test('keeps others waiting for its time, then the next one does the work', async () => {
    const key = randomUUID()
    await make(key)
    await leave(key, '1 minute')
    expect(await make(key)).toMatchObject({ status: 409, body: { code: 'idempotency_in_flight' } })
    await leave(key, '0')
    expect(await make(key)).toMatchObject({ status: 200 })
  })

  test('leaves a link that the next try joins', async () => {
    const key = randomUUID()
    const link = (asks = here) => asks.ask('POST', '/api/v1/sessions', { name: 'Shop' }, { 'idempotency-key': key })
    const first = await link()
    expect(first).toMatchObject({ status: 200, body: { state: 'linking' } })
    await leave(key, '0')
    const next = await link(there)
    expect(next.headers.get('idempotency-replayed')).toBeNull()
    expect(next).toMatchObject({ status: 200, body: { sessionId: first.body['sessionId'] } })
    expect(await rows.query(`select from link_attempts`)).toHaveLength(1)
    expect((await link()).headers.get('idempotency-replayed')).toBe('true')
  })
})

test.each(['', ' ', 'two words', 'x'.repeat(201), 'k\u00e9y'])('the key %j is refused', async key => {
  const answer = await make(key)
  expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: 'Idempotency-Key' }] } })
})

test('two keys are none', async () => {
  const headers = new Headers({ authorization: `Bearer ${here.token}`, 'content-type': 'application/json' })
  headers.append('idempotency-key', 'one')
  headers.append('idempotency-key', 'two')
  const response = await fetch(here.url + path, { method: 'POST', headers, body: JSON.stringify(till) })
  expect(response.status).toBe(400)
})
