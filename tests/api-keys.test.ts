import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hashOfSecret, readKey, writeKey } from '../src/backend/api-keys/key-text.js'
import type { NewApiKey } from '../src/contract/api-keys.js'
import { DatabaseText } from './support/database-text.js'
import { Operator } from './support/operator.js'
import { memberRow, operatorOf, tellOf, workspaceRow } from './support/people.js'
import type { Rows } from './support/rows.js'
import { sessionRow } from './support/session-row.js'
import { TwoNodes } from './support/two-nodes.js'
import type { Answer } from './support/visitor.js'

/** Not a repetition. */
type MadeKey = NewApiKey & { key: string }

let nodes: TwoNodes
let rows: Rows
let here: Operator
let operator: Awaited<ReturnType<typeof operatorOf>>

beforeAll(async () => {
  nodes = await TwoNodes.start()
  ;({ rows, here } = nodes)
  operator = await operatorOf(rows)
})

afterAll(() => nodes[Symbol.asyncDispose]())

const path = '/api/v1/api-keys'
const as = (userId: string, workspaceId?: string) => ({
  'x-user-id': userId,
  ...(workspaceId !== undefined && { 'x-workspace-id': workspaceId }),
})

/** A session that nothing connects. */
const parked = (workspaceId = operator.workspaceId) =>
  sessionRow(rows, workspaceId, { state: 'disconnected', nodeId: null })

async function make(body: object = {}, headers: Record<string, string> = {}): Promise<MadeKey> {
  const { status, body: made } = await here.ask('POST', path, { name: 'Till', scopes: ['read'], ...body }, headers)
  expect({ status, made }).toMatchObject({ status: 200, made: { key: expect.any(String) } })
  return made as MadeKey
}

const withKey = (key: string, url = here.url) => new Operator(url, key)
const list = (key: string, url?: string) => withKey(key, url).ask('GET', '/api/v1/sessions')
const refused = { status: 401, body: { code: 'unauthenticated' } }

describe('a key', () => {
  test('is shown once, known on every node, and stored as a hash alone', async () => {
    const made = await make({ name: ' Till 4 ' })
    expect(made).toMatchObject({ name: 'Till 4', userId: operator.userId, scopes: ['read'], sessionIds: null })
    const { key, ...view } = made
    expect(key).toContain(`whiz_live_${view.id}_`)
    for (const url of [here.url, nodes.there.url]) expect(await list(key, url)).toMatchObject({ status: 200 })
    const { body } = await here.ask('GET', path)
    expect(body['apiKeys']).toContainEqual({ ...view, lastUsedAt: expect.toBeOneOf([null, expect.any(String)]) })
    expect(JSON.stringify(body)).not.toContain(key)
    const secret = readKey(key)?.secret ?? ''
    const [stored] = await rows.query<{ secret_hash: Buffer }>(`select secret_hash from api_keys where id = $1`, [
      made.id,
    ])
    expect(stored?.secret_hash).toEqual(hashOfSecret(secret))
    await using database = await DatabaseText.open(nodes.gateway.database.ownerUrl)
    expect(JSON.stringify(await database.dump())).not.toContain(secret)
    expect(nodes.gateway.logLines.join()).not.toContain(secret)
  })

  test('notes when it was used, on any node', async () => {
    const { key, id } = await make()
    await list(key)
    const usedLately = `select 1 from api_keys where id = $1 and last_used_at > clock_timestamp() - interval '50 seconds'`
    await rows.waitFor(usedLately, [id])
    await rows.query(`update api_keys set last_used_at = last_used_at - interval '1 minute' where id = $1`, [id])
    await list(key, nodes.there.url)
    await rows.waitFor(usedLately, [id])
  })

  test('that is changed anywhere, of nobody, or with another secret is no key', async () => {
    const { key, id } = await make()
    const parts = readKey(key)
    const other = writeKey({ id, secret: (parts?.secret ?? '').split('').toReversed().join('') })
    const nobodys = writeKey({ id: '00000000', secret: parts?.secret ?? '' })
    for (const wrong of [`${key.slice(0, -1)}_`, other, nobodys, key.replace('live', 'test'), `${key}${key}`]) {
      expect(await list(wrong)).toMatchObject(refused)
    }
    expect(await list(key)).toMatchObject({ status: 200 })
  })

  test('is nobody in the address, in a cookie or by another header', async () => {
    const { key } = await make()
    const visitor = nodes.gateway.visitor()
    for (const headers of [
      {},
      { cookie: `key=${key}` },
      { 'x-api-key': key },
      { authorization: `Basic ${key}` },
    ] as Record<string, string>[]) {
      expect(await visitor.request('GET', `/api/v1/sessions?key=${key}`, undefined, headers)).toMatchObject(refused)
    }
  })
})

describe('what a key may', () => {
  test('is what its scopes say, and never to make keys or to ask as a service', async () => {
    const { key } = await make({ scopes: ['read'] })
    const sessionId = await parked()
    expect(await withKey(key).view(sessionId)).toMatchObject({ status: 200, body: { sessionId } })
    const forbidden = { status: 403, body: { code: 'forbidden' } }
    expect(await withKey(key).command(sessionId, 'connect')).toMatchObject({
      ...forbidden,
      body: { detail: expect.stringContaining('"sessions"') },
    })
    const all = await make({ scopes: ['read', 'send', 'sessions', 'settings', 'admin'] })
    expect(await withKey(all.key).ask('POST', path, { name: 'More', scopes: ['read'] })).toMatchObject(forbidden)
    expect(await withKey(all.key).ask('GET', '/sessions')).toMatchObject(forbidden)
  })

  test('does not grow by naming somebody else', async () => {
    const { key } = await make({}, as(await memberRow(rows, operator.workspaceId)))
    const sessionId = await parked()
    const asked = await withKey(key).ask(
      'GET',
      `/api/v1/sessions/${sessionId}`,
      undefined,
      as(operator.userId, operator.workspaceId),
    )
    expect(asked).toMatchObject({ status: 404, body: { code: 'session_not_found' } })
  })

  test('is no more than its member may, from the moment on when that is less', async () => {
    const userId = await memberRow(rows, operator.workspaceId, 'admin')
    const made = await make({ scopes: ['read', 'admin'] }, as(userId))
    for (const scope of ['settings', 'admin']) {
      const member = await memberRow(rows, operator.workspaceId)
      const answer = await here.ask('POST', path, { name: 'x', scopes: [scope] }, as(member))
      expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } })
    }
    expect(await list(made.key)).toMatchObject({ status: 200 })
    await rows.query(`update app_users set suspended_at = now() where id = $1`, [userId])
    await tellOf(rows, userId)
    for (const url of [here.url, nodes.there.url])
      await expect.poll(async () => (await list(made.key, url)).status).toBe(401)
    await rows.query(`update app_users set suspended_at = null where id = $1`, [userId])
    await tellOf(rows, userId)
    await expect.poll(async () => (await list(made.key)).status).toBe(200)
    await rows.query(`delete from app_users where id = $1`, [userId])
    await tellOf(rows, userId)
    await expect.poll(async () => (await list(made.key)).status).toBe(401)
    expect(await rows.query(`select from api_keys where id = $1`, [made.id])).toEqual([])
  })

  test('ends at the sessions that it names', async () => {
    const [mine, other] = [await parked(), await parked()]
    const { key } = await make({ scopes: ['read', 'sessions'], sessionIds: [mine.toUpperCase()] })
    expect(await withKey(key).view(mine)).toMatchObject({ status: 200 })
    expect(await withKey(key).view(mine.toUpperCase())).toMatchObject({ status: 200 })
    const unknown = (await here.view(randomUUID())).body
    for (const answer of [await withKey(key).view(other), await withKey(key).command(other, 'connect')])
      expect(answer).toMatchObject({ status: 404, body: unknown })
    expect(await withKey(key).ask('POST', '/api/v1/sessions', {})).toMatchObject({ status: 403 })
    expect(await withKey(key).ask('POST', '/api/v1/sessions', { sessionId: other })).toMatchObject({ status: 404 })
  })

  test('names only sessions that its member sees', async () => {
    const foreign = await parked(await workspaceRow(rows))
    const theirs = await parked()
    const userId = await memberRow(rows, operator.workspaceId)
    for (const [headers, sessionId] of [
      [{}, foreign],
      [as(userId), theirs],
      [{}, randomUUID()],
    ] as const) {
      const answer = await here.ask('POST', path, { name: 'x', scopes: ['read'], sessionIds: [sessionId] }, headers)
      expect(answer).toMatchObject({ status: 404, body: { code: 'session_not_found' } })
    }
  })

  test('ends at the addresses that it names', async () => {
    for (const [addresses, status] of [
      [['127.0.0.1'], 200],
      [['10.0.0.0/8', '127.0.0.0/8'], 200],
      [['::1', '10.0.0.0/8'], 401],
      [['192.0.2.7'], 401],
    ] as const) {
      const { key } = await make({ addresses })
      expect((await list(key)).status).toBe(status)
    }
  })
})

describe('the end of a key', () => {
  test('by revoking it is at once, everywhere', async () => {
    const { key, id } = await make()
    for (const url of [here.url, nodes.there.url]) expect(await list(key, url)).toMatchObject({ status: 200 })
    expect(await here.ask('DELETE', `${path}/${id}`)).toMatchObject({ status: 204 })
    // the very next request of the node that has revoked it
    expect(await list(key)).toMatchObject({ status: 401 })
    await expect.poll(async () => (await list(key, nodes.there.url)).status, { timeout: 2_000 }).toBe(401)
    expect(await here.ask('DELETE', `${path}/${id}`)).toMatchObject({ status: 204 })
    expect(await here.ask('POST', `${path}/${id}/rotate`, {})).toMatchObject({
      status: 409,
      body: { code: 'api_key_ended' },
    })
  })

  test('comes with its time, also where it is remembered', async () => {
    const { key, id } = await make({ expiresAt: new Date(Date.now() + 3_600_000).toISOString() })
    expect(await list(key)).toMatchObject({ status: 200 })
    await rows.query(`update api_keys set expires_at = clock_timestamp() + interval '1 second' where id = $1`, [id])
    await tellOf(rows, id)
    await expect.poll(async () => (await list(key)).status).toBe(401)
  })

  test('after a rotation comes a day later, and once', async () => {
    const mine = await parked()
    const old = await make({ sessionIds: [mine], addresses: ['127.0.0.0/8'], scopes: ['read', 'send'] })
    const rotated = await Promise.all([1, 2, 3].map(() => here.ask('POST', `${path}/${old.id}/rotate`, {})))
    const won = rotated.filter(({ status }) => status === 200)
    expect(won).toHaveLength(1)
    expect(rotated.filter(({ status }) => status === 409)).toHaveLength(2)
    const fresh = won[0]?.body as unknown as MadeKey
    expect(fresh).toMatchObject({
      name: 'Till',
      scopes: ['read', 'send'],
      sessionIds: [mine],
      addresses: ['127.0.0.0/8'],
    })
    for (const key of [old.key, fresh.key]) expect(await withKey(key).view(mine)).toMatchObject({ status: 200 })
    const [row] = await rows.query<{ hours: number; replaced_by: string }>(
      `select extract(epoch from expires_at - clock_timestamp())::float8 / 3600 as hours, replaced_by from api_keys where id = $1`,
      [old.id],
    )
    expect(row?.replaced_by).toBe(fresh.id)
    expect(row?.hours).toBeGreaterThan(23.9)
    expect(row?.hours).toBeLessThanOrEqual(24)
  })
})

describe('keys of others', () => {
  const outcome = ({ status, body }: Answer) => ({ status, code: body['code'] })

  test('are shown to those who manage the workspace, who may end but not take them', async () => {
    const userId = await memberRow(rows, operator.workspaceId)
    const made = await make({}, as(userId))
    const seen = async (headers = {}) =>
      ((await here.ask('GET', `${path}?limit=200`, undefined, headers)).body['apiKeys'] as { id: string }[]).map(
        ({ id }) => id,
      )
    expect(await seen()).toContain(made.id)
    expect(await seen(as(userId))).toEqual([made.id])
    expect(await seen(as(await memberRow(rows, operator.workspaceId)))).toEqual([])
    expect(outcome(await here.ask('POST', `${path}/${made.id}/rotate`, {}))).toEqual({
      status: 404,
      code: 'api_key_not_found',
    })
    expect(await list(made.key)).toMatchObject({ status: 200 })
    expect(await here.ask('DELETE', `${path}/${made.id}`)).toMatchObject({ status: 204 })
    await expect.poll(async () => (await list(made.key)).status).toBe(401)
  })

  test('of other members and workspaces are the same as none', async () => {
    const workspaceId = await workspaceRow(rows)
    const foreign = await make({}, as(await memberRow(rows, workspaceId, 'owner'), workspaceId))
    const colleague = await make({}, as(await memberRow(rows, operator.workspaceId, 'admin')))
    const member = as(await memberRow(rows, operator.workspaceId))
    const none = await here.ask('DELETE', `${path}/Zz000000`)
    for (const [id, headers] of [
      [foreign.id, {}],
      [foreign.id, member],
      [colleague.id, member],
      ['no id', {}],
    ] as const) {
      expect((await here.ask('DELETE', `${path}/${encodeURIComponent(id)}`, undefined, headers)).body).toEqual(
        none.body,
      )
      const rotated = await here.ask('POST', `${path}/${encodeURIComponent(id)}/rotate`, {}, headers)
      expect(rotated.body).toEqual(none.body)
    }
    for (const { key } of [foreign, colleague]) expect(await list(key)).toMatchObject({ status: 200 })
  })

  test('come page by page', async () => {
    const userId = await memberRow(rows, operator.workspaceId)
    const made = await Promise.all([1, 2, 3].map(() => make({}, as(userId))))
    const found: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const query: string = cursor === '' ? '?limit=2' : `?limit=2&cursor=${cursor}`
      const { body } = await here.ask('GET', path + query, undefined, as(userId))
      found.push(...(body['apiKeys'] as { id: string }[]).map(({ id }) => id))
      cursor = body['next'] as string | null
    }
    expect(found).toEqual(made.map(({ id }) => id).toSorted((a, b) => (a < b ? -1 : 1)))
  })
})
