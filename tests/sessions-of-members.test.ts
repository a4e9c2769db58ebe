import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { WorkspaceId } from '../src/contract/ids.js'
import { AsMember } from './support/as-member.js'
import { Operator } from './support/operator.js'
import { pictureOf } from './support/picture-of.js'
import { Rows } from './support/rows.js'
import { sessionRow } from './support/session-row.js'
import { nameOf, noSession, pathOf, sessionRoutes, type SessionRoute } from './support/session-routes.js'
import { TestGateway } from './support/test-gateway.js'

/** A session and all that may be asked of it belong to one member, who may show it to the others. */

let gateway: TestGateway
let rows: Rows
let operator: Operator
let ann: AsMember
let bob: AsMember
let ada: AsMember
let fay: AsMember
let sessionId: string

const aboutOne = sessionRoutes.filter(
  ({ path, body }) => path.includes('{sessionId}') || (body !== undefined && 'sessionId' in body),
)

const ask = (who: Pick<AsMember, 'ask'>, route: SessionRoute, id: string) =>
  who.ask(
    route.method,
    pathOf(route, id),
    route.body !== undefined && 'sessionId' in route.body ? { ...route.body, sessionId: id } : route.body,
  )

const stored = () =>
  rows.query(
    `select s.*, s.xmin, l.bell, l.wanted from sessions s join session_leases l on l.session_id = s.id where id = $1`,
    [sessionId],
  )

beforeAll(async () => {
  const token = randomBytes(32).toString('hex')
  gateway = await TestGateway.start({ env: { WHATSAPP_SERVICE_TOKEN: token, WHATSAPP_MAX_SESSIONS_PER_USER: '3' } })
  rows = new Rows(gateway.database.ownerUrl)
  operator = new Operator(gateway.url, token)
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
})

beforeEach(async () => {
  // what an earlier test has shown
  await rows.query(`update sessions set visibility = 'private'`)
  ann = await AsMember.join({ rows, operator })
  bob = await AsMember.join({ rows, operator })
  ada = await AsMember.join({ rows, operator }, { role: 'owner' })
  fay = await AsMember.join({ rows, operator }, { workspaceId: randomUUID() })
  sessionId = await sessionRow(rows, WorkspaceId.parse(ann.workspaceId), { state: 'disconnected', nodeId: null })
  await rows.query('update sessions set owner_id = $2 where id = $1', [sessionId, ann.userId])
})

describe('a session of one member alone', () => {
  test('is theirs to see', async () => {
    expect(await ann.sessions()).toEqual([sessionId])
    expect(await ann.ask('GET', `/api/v1/sessions/${sessionId}`)).toMatchObject({
      status: 200,
      body: { sessionId, ownerId: ann.userId, visibility: 'private' },
    })
  })

  test.each(aboutOne.map(route => [nameOf(route), route] as const))(
    'is to everybody else as if it were not there: %s',
    async (_, route) => {
      const before = await stored()
      for (const who of [bob, ada, fay, operator]) {
        const { status, body } = await ask(who, route, sessionId)
        const unknown = await ask(who, route, noSession)
        expect(unknown.status).toBe(404)
        expect({ status, code: body['code'], detail: body['detail'] }).toEqual({
          status: unknown.status,
          code: unknown.body['code'],
          detail: unknown.body['detail'],
        })
      }
      expect(await stored()).toEqual(before)
    },
  )

  test('is in nobody else’s list', async () => {
    for (const who of [bob, ada, fay]) expect(await who.sessions()).toEqual([])
    expect((await operator.ask('GET', '/sessions')).body).not.toContainEqual(expect.objectContaining({ sessionId }))
  })

  test('is what the service sees when it asks for its owner', async () => {
    expect((await ann.ask('GET', '/sessions')).body).toEqual([expect.objectContaining({ sessionId })])
  })
})

describe('a session that its owner shows to the workspace', () => {
  beforeEach(async () => {
    const shown = await ann.ask('PATCH', `/api/v1/sessions/${sessionId}`, { visibility: 'workspace' })
    expect(shown).toMatchObject({ status: 200, body: { visibility: 'workspace' } })
  })

  test('is seen and used by its members, and by no other workspace', async () => {
    for (const who of [bob, ada]) {
      expect(await who.sessions()).toEqual([sessionId])
      expect(await who.ask('GET', `/api/v1/sessions/${sessionId}`)).toMatchObject({
        body: { sessionId, ownerId: ann.userId, visibility: 'workspace' },
      })
      const history = await who.ask('GET', `/api/v1/sessions/${sessionId}/history`)
      expect(history).toMatchObject({ status: 200 })
      expect(await who.ask('POST', `/api/v1/sessions/${sessionId}/disconnect`, {})).toMatchObject({ status: 200 })
    }
    expect(await fay.sessions()).toEqual([])
    expect(await fay.ask('GET', `/api/v1/sessions/${sessionId}`)).toMatchObject({ status: 404 })
  })

  test.each([
    ['PATCH', '', { name: 'Mine' }],
    ['PATCH', '', { visibility: 'private' }],
    ['DELETE', '', undefined],
    ['POST', '/logout', {}],
    ['POST', '/hand-off', {}],
    ['POST', '/take-back', { botStopped: true }],
  ])('stays its owner’s to end, give away and name: %s%s %o', async (method, path, body) => {
    const before = await stored()
    for (const who of [bob, ada]) {
      const answer = await who.ask(method, `/api/v1/sessions/${sessionId}${path}`, body)
      expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } })
    }
    expect(await stored()).toEqual(before)
  })

  test('is gone for them once it is private again', async () => {
    await ann.ask('PATCH', `/api/v1/sessions/${sessionId}`, { visibility: 'private', name: 'Shop' })
    expect(await bob.ask('GET', `/api/v1/sessions/${sessionId}`)).toMatchObject({ status: 404 })
    expect(await ann.ask('GET', `/api/v1/sessions/${sessionId}`)).toMatchObject({
      body: { name: 'Shop', visibility: 'private' },
    })
  })
})

test('a change of nothing is refused', async () => {
  const answer = await ann.ask('PATCH', `/api/v1/sessions/${sessionId}`, {})
  expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } })
})

describe('a link', () => {
  const begin = (who: AsMember, body: object = {}) => who.ask('POST', '/api/v1/sessions', body)

  const scanned = async (who: AsMember, number: string): Promise<string> => {
    const { body } = await begin(who)
    const phone = await gateway.simulator.phone(number)
    await phone.scanPicture(pictureOf((body['link'] as { qrCode: string }).qrCode))
    const id = String(body['sessionId'])
    await rows.waitFor(`select from link_attempts where session_id = $1 and phase = 'complete'`, [id], 60_000)
    return id
  }

  test('is seen and cancelled by whose it is, and makes a session of theirs', async () => {
    const { body } = await begin(ann)
    const id = String(body['sessionId'])
    expect(body).toMatchObject({ ownerId: ann.userId, visibility: 'private' })
    for (const who of [bob, ada, fay]) {
      expect(await who.sessions()).toEqual([])
      expect(await who.ask('GET', `/api/v1/sessions/${id}`)).toMatchObject({ status: 404 })
      expect(await who.ask('DELETE', `/api/v1/sessions/${id}`)).toMatchObject({ status: 404 })
      expect(await begin(who, { sessionId: id })).toMatchObject({ status: 409, body: { code: 'session_id_taken' } })
    }
    expect(await ann.ask('GET', `/api/v1/sessions/${id}`)).toMatchObject({ body: { state: 'linking' } })
    expect(await ann.ask('DELETE', `/api/v1/sessions/${id}`)).toMatchObject({ status: 200 })
  })

  test('of a member becomes a session of theirs, in their workspace', async () => {
    for (const [who, number] of [
      [ann, '254700004001'],
      [fay, '254700004002'],
    ] as const) {
      const id = await scanned(who, number)
      expect(await who.sessions()).toContain(id)
      const [row] = await rows.query(`select workspace_id, owner_id, visibility from sessions where id = $1`, [id])
      expect(row).toEqual({ workspace_id: who.workspaceId, owner_id: who.userId, visibility: 'private' })
      expect(await who.ask('POST', `/api/v1/sessions/${id}/logout`, {})).toMatchObject({
        body: { state: 'logged_out' },
      })
    }
  }, 120_000)

  test('is not begun beyond what a member may have, however many ask at once', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => begin(bob)))
    const begun = answers.filter(({ status }) => status === 200)
    const refused = answers.filter(({ status }) => status !== 200)
    expect(begun).toHaveLength(3)
    for (const answer of refused) expect(answer).toMatchObject({ status: 409, body: { code: 'session_limit' } })
    expect((await bob.sessions()).toSorted()).toEqual(begun.map(({ body }) => String(body['sessionId'])).toSorted())

    // one that is cancelled makes room
    for (const { body } of begun.slice(0, 1)) await bob.ask('DELETE', `/api/v1/sessions/${String(body['sessionId'])}`)
    expect((await begin(bob)).status).toBe(200)
    expect((await begin(bob)).body).toMatchObject({ code: 'session_limit' })
    for (const id of await bob.sessions()) await bob.ask('DELETE', `/api/v1/sessions/${id}`)
  }, 60_000)

  test('counts the sessions there are, and not those that have ended', async () => {
    await begin(ann)
    await begin(ann)
    expect(await begin(ann)).toMatchObject({ body: { code: 'session_limit' } })
    await rows.query(`update sessions set state = 'logged_out' where id = $1`, [sessionId])
    expect((await begin(ann)).status).toBe(200)
    for (const id of await ann.sessions()) await ann.ask('DELETE', `/api/v1/sessions/${id}`)
  }, 60_000)

  test('is begun by the operator as often as there is room on the nodes', async () => {
    for (let count = 0; count < 5; count++) {
      const { status, body } = await operator.ask('POST', '/api/v1/sessions', {})
      expect(status).toBe(200)
      await operator.ask('DELETE', `/api/v1/sessions/${String(body['sessionId'])}`)
    }
    const many = await Promise.all(Array.from({ length: 5 }, () => operator.ask('POST', '/api/v1/sessions', {})))
    expect(many.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    for (const { body } of many) await operator.ask('DELETE', `/api/v1/sessions/${String(body['sessionId'])}`)
  }, 60_000)
})
