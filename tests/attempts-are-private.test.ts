import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Rows } from './support/rows.js'
import { TestGateway } from './support/test-gateway.js'
import type { Visitor } from './support/visitor.js'

let gateway: TestGateway
let rows: Rows

beforeAll(async () => {
  gateway = await TestGateway.start()
  rows = new Rows(gateway.database.ownerUrl)
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
})

const tokenOf = (visitor: Visitor): string => visitor.cookie?.split('=')[1] ?? ''

const attemptsOf = (visitor: Visitor) =>
  rows.query<{ session_id: string; phase: string }>(
    `select session_id, phase from link_attempts where visitor_hash = $1 order by created_at`,
    [createHash('sha256').update(tokenOf(visitor)).digest()],
  )

/** A browser that has been here before: it has a cookie, and its attempt is over. */
async function returningVisitor(): Promise<Visitor> {
  const visitor = gateway.visitor()
  const { sessionId } = await visitor.start()
  await visitor.request('DELETE', `/api/sessions/${sessionId}`)
  return visitor
}

describe('an attempt of somebody else', () => {
  test('looks like one that does not exist, to whoever asks', async () => {
    const owner = gateway.visitor()
    const { sessionId } = await owner.start()
    const other = gateway.visitor()
    await other.start()
    const stranger = gateway.visitor()
    const forged = gateway.visitor(`whizlite-attempt=${'A'.repeat(43)}`)
    const nothing = await stranger.request('GET', `/api/sessions/${randomUUID()}`)
    expect(nothing).toMatchObject({ status: 404, body: { code: 'attempt_not_found' } })

    for (const visitor of [other, stranger, forged]) {
      for (const id of [sessionId, randomUUID(), 'not-an-id', `${sessionId}%00`]) {
        for (const method of ['GET', 'DELETE']) {
          const answer = await visitor.request(method, `/api/sessions/${id}`)
          expect({ status: answer.status, body: answer.body }).toEqual({ status: 404, body: nothing.body })
        }
      }
    }
    expect(await stranger.request('GET', '/api/sessions/current')).toMatchObject({ status: 200, body: null })
    expect(await owner.view(sessionId)).toMatchObject({ phase: 'scanning' })
  })

  test('cannot be found with what its cookie leaves in the database', async () => {
    const owner = gateway.visitor()
    const { sessionId } = await owner.start()
    expect(tokenOf(owner)).toMatch(/^[\w-]{43}$/)
    expect(tokenOf(owner)).not.toContain(sessionId)
    const [stored] = await rows.query<{ hash: string; row: string }>(
      `select encode(visitor_hash, 'base64') as hash, to_jsonb(a)::text as row from link_attempts a where session_id = $1`,
      [sessionId],
    )
    expect(stored?.row).not.toContain(tokenOf(owner))
    const hash = Buffer.from(stored?.hash ?? '', 'base64').toString('base64url')
    const thief = gateway.visitor(`whizlite-attempt=${hash}`)
    expect(await thief.request('GET', `/api/sessions/${sessionId}`)).toMatchObject({ status: 404 })
  })
})

describe('the cookie', () => {
  test('is out of reach of scripts and other sites', async () => {
    const { headers } = await gateway.visitor().request('POST', '/api/sessions/start', {})
    const attributes = (headers.getSetCookie()[0] ?? '').split('; ').slice(1)
    expect(attributes.toSorted()).toEqual(['HttpOnly', 'Max-Age=86400', 'Path=/', 'SameSite=Strict'])
  })

  test('is bound to the host behind https', async () => {
    await using secure = await TestGateway.start({
      simulator: gateway.simulator,
      env: { PUBLIC_URL: 'https://link.example' },
    })
    const { headers } = await secure.visitor().request('POST', '/api/sessions/start', {})
    expect(headers.getSetCookie()[0]).toMatch(/^__Host-whizlite-attempt=[\w-]{43}; .*Secure/)
    expect(headers.get('strict-transport-security')).toContain('max-age=')
    const own = await secure.visitor().request('POST', '/api/sessions/start', {}, { origin: 'https://link.example' })
    expect(own.status).toBe(200)
    const inner = await secure.visitor().request('POST', '/api/sessions/start', {}, { origin: secure.url })
    expect(inner).toMatchObject({ status: 403, body: { code: 'foreign_origin' } })
  })
})

describe('tabs of one browser', () => {
  test('that start at the same moment share one attempt', async () => {
    const visitor = await returningVisitor()
    const tabs = Array.from({ length: 6 }, () => gateway.visitor(visitor.cookie))
    // nobody may store an attempt until the first of them tries to; the others come behind it
    await using gate = new Rows(gateway.database.ownerUrl)
    await gate.query('begin')
    await gate.query('lock table link_attempts in share mode')
    const starting = Promise.all(tabs.map(tab => tab.start()))
    await rows.waitFor(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)
    await gate.query('rollback')
    const answers = await starting
    expect(new Set(answers.map(({ sessionId }) => sessionId)).size).toBe(1)
    expect(new Set(answers.map(({ qrCode }) => qrCode)).size).toBe(1)
    await expect
      .poll(async () => (await attemptsOf(visitor)).map(({ phase }) => phase))
      .toEqual(['cancelled', 'scanning'])
    expect(tabs.map(tab => tab.cookie)).toEqual(tabs.map(() => visitor.cookie))
  })

  test('that start one after the other share it as well', async () => {
    const visitor = gateway.visitor()
    const first = await visitor.start()
    expect(await gateway.visitor(visitor.cookie).start()).toEqual(first)
  })

  test('browsers without a cookie never share', async () => {
    const visitors = Array.from({ length: 4 }, () => gateway.visitor())
    const answers = await Promise.all(visitors.map(visitor => visitor.start()))
    expect(new Set(answers.map(({ sessionId }) => sessionId)).size).toBe(4)
    expect(new Set(visitors.map(tokenOf)).size).toBe(4)
  })
})

describe('an attempt that is over', () => {
  test('says how it ended, can be cancelled once more, and gives way to the next', async () => {
    const visitor = await returningVisitor()
    const [over] = await attemptsOf(visitor)
    const sessionId = over?.session_id ?? ''
    const view = await visitor.view(sessionId)
    expect(view).toMatchObject({ phase: 'cancelled', reason: { code: 'cancelled' } })
    expect(view.qrCode).toBeUndefined()
    expect((await visitor.request('DELETE', `/api/sessions/${sessionId}`)).status).toBe(204)
    const next = await visitor.start()
    expect(next.sessionId).not.toBe(sessionId)
    expect(await visitor.view()).toMatchObject({ sessionId: next.sessionId })
    expect(await visitor.view(sessionId)).toMatchObject({ phase: 'cancelled' })
  })

  test('leaves nothing to scan, and nothing of its keys', async () => {
    const visitor = await returningVisitor()
    const [over] = await attemptsOf(visitor)
    for (const table of ['session_credentials', 'signal_keys', 'data_keys', 'sessions']) {
      const column = table === 'sessions' ? 'id' : 'session_id'
      expect(await rows.query(`select 1 from ${table} where ${column} = $1`, [over?.session_id]), table).toEqual([])
    }
    expect(await rows.query(`select qr from link_attempts where session_id = $1`, [over?.session_id])).toEqual([
      { qr: null },
    ])
  })

  test('because it is finished stays finished, and a new one may be started', async () => {
    const visitor = gateway.visitor()
    const phone = await gateway.simulator.phone('254722000001')
    const { sessionId, qrCode } = await visitor.start()
    const events = visitor.listen()
    await phone.scanPicture(Buffer.from(qrCode.split(',')[1] ?? '', 'base64'))
    await events.waitForEvent('complete')
    expect((await visitor.request('DELETE', `/api/sessions/${sessionId}`)).status).toBe(204)
    expect(await visitor.view(sessionId)).toMatchObject({ phase: 'complete', state: 'handed_off' })
    expect((await visitor.start()).sessionId).not.toBe(sessionId)
    events.socket.close()
  })

  test('a phone that accepted the code makes it too late for a second start', async () => {
    const visitor = gateway.visitor()
    const phone = await gateway.simulator.phone('254722000002')
    const hold = await gateway.simulator.hold({ direction: 'in', tag: 'message', account: phone.phoneNumber })
    const { sessionId, qrCode } = await visitor.start()
    await phone.scanPicture(Buffer.from(qrCode.split(',')[1] ?? '', 'base64'))
    await hold.reached
    const again = await visitor.request('POST', '/api/sessions/start', {})
    expect(again).toMatchObject({ status: 409, body: { code: 'attempt_running' } })
    expect(await visitor.view(sessionId)).toMatchObject({ phase: 'delivering' })
    await hold.release()
    const events = visitor.listen()
    await events.waitForEvent('complete')
    events.socket.close()
  })
})
