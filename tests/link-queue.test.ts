import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Phone } from '../src/simulator/index.js'
import { Operator } from './support/operator.js'
import { Rows } from './support/rows.js'
import { SecondNode } from './support/second-node.js'
import { TestGateway } from './support/test-gateway.js'
import type { Visitor } from './support/visitor.js'

const serviceToken = randomBytes(32).toString('hex')

let gateway: TestGateway
let rows: Rows
let first: Visitor
let firstId: string
let number = 254_714_000_000

beforeAll(async () => {
  gateway = await TestGateway.start({
    env: { LINK_MAX_PER_NODE: '1', LINK_MAX_QUEUED: '3', WHATSAPP_SERVICE_TOKEN: serviceToken },
  })
  rows = new Rows(gateway.database.ownerUrl)
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
})

// somebody has the only place
beforeEach(async () => {
  first = gateway.visitor()
  firstId = (await first.start()).sessionId
})

afterEach(async () => {
  const waiting = await rows.query<{ session_id: string }>(
    `update link_attempts set seen_at = clock_timestamp() - interval '1 hour' where phase = 'queued' returning session_id`,
  )
  for (const { session_id } of waiting) await ended(session_id)
  await leave(first, firstId)
  await expect.poll(() => rows.query(`select from link_places`)).toEqual([])
})

const phone = (): Promise<Phone> => gateway.simulator.phone(String(++number))

const leave = (visitor: Visitor, sessionId: string) => visitor.request('DELETE', `/api/sessions/${sessionId}`)

const ended = (sessionId: string) =>
  rows.waitFor<{ phase: string; reason: string }>(
    `select phase, reason from link_attempts where session_id = $1 and phase in ('complete', 'failed', 'expired', 'cancelled')`,
    [sessionId],
  )

async function queue(visitor: Visitor, phoneNumber?: string): Promise<{ sessionId: string; queuePosition: number }> {
  const body = phoneNumber === undefined ? {} : { phoneNumber }
  const answer = await visitor.request('POST', '/api/sessions/start', body)
  expect(answer).toMatchObject({ status: 200, body: { queuePosition: expect.any(Number) } })
  return answer.body as { sessionId: string; queuePosition: number }
}

describe('when every place is taken', () => {
  test('visitors wait in the order in which they came, and move up', async () => {
    const [second, third] = [gateway.visitor(), gateway.visitor()]
    const waiting = await queue(second)
    expect(waiting.queuePosition).toBe(1)
    expect((await queue(third)).queuePosition).toBe(2)
    const view = await second.view()
    expect(view).toMatchObject({ phase: 'queued', state: 'linking', percent: 0, queuePosition: 1 })
    expect(view.expiresInMs).toBeUndefined()

    const events = second.listen()
    await leave(first, firstId)
    const shown = await events.waitForEvent('qr_code')
    expect(shown.data).toMatchObject({
      sessionId: waiting.sessionId,
      qrCode: expect.stringContaining('data:image/png'),
    })
    expect(await second.view()).toMatchObject({ phase: 'scanning', qrCode: expect.any(String) })
    expect((await second.view()).expiresInMs).toBeGreaterThan(100_000)
    expect(await third.view()).toMatchObject({ phase: 'queued', queuePosition: 1 })
    await leave(second, waiting.sessionId)
    await expect.poll(async () => (await third.view()).phase).toBe('scanning')
    events.socket.close()
    const last = await third.view()
    await leave(third, last.sessionId)
  })

  test('nothing is opened or asked for before the turn has come; then the link goes its way', async () => {
    const [visitor, asked] = [gateway.visitor(), await phone()]
    const { sessionId } = await queue(visitor, asked.phoneNumber)
    expect(await visitor.view()).toMatchObject({ phase: 'queued', method: 'code' })
    expect(await asked.codeRequests()).toEqual([])
    expect(await rows.query(`select from session_credentials where session_id = $1`, [sessionId])).toEqual([])
    await leave(first, firstId)
    await expect.poll(async () => (await visitor.view()).pairingCode).toBeDefined()
    const { pairingCode = '' } = await visitor.view()
    await asked.enterCode(pairingCode)
    expect(await ended(sessionId)).toMatchObject({ phase: 'complete' })
  })

  test('a reload or a second tab keeps the place', async () => {
    const visitor = gateway.visitor()
    const waiting = await queue(visitor)
    await queue(gateway.visitor())
    expect(await queue(gateway.visitor(visitor.cookie ?? ''))).toEqual(waiting)
    expect(await rows.query(`select from link_places where not granted`)).toHaveLength(2)
  })

  test('who cancels in the queue leaves it', async () => {
    const [visitor, next] = [gateway.visitor(), gateway.visitor()]
    const { sessionId } = await queue(visitor)
    expect((await queue(next)).queuePosition).toBe(2)
    await leave(visitor, sessionId)
    expect(await ended(sessionId)).toMatchObject({ phase: 'cancelled', reason: 'cancelled' })
    for (const table of ['data_keys', 'session_leases'])
      expect(await rows.query(`select from ${table} where session_id = $1`, [sessionId]), table).toEqual([])
    await expect.poll(async () => (await next.view()).queuePosition).toBe(1)
  })

  test('who is not seen for a minute has left; who looks is still there', async () => {
    const [gone, here] = [gateway.visitor(), gateway.visitor()]
    const { sessionId: left } = await queue(gone)
    const { sessionId: stays } = await queue(here)
    const unseen = `update link_attempts set seen_at = clock_timestamp() - interval '59 seconds' where session_id = $1`
    await rows.query(unseen, [stays])
    await here.view()
    const [seen] = await rows.query(
      `select from link_attempts where session_id = $1 and seen_at > clock_timestamp() - interval '30 seconds'`,
      [stays],
    )
    expect(seen).toBeDefined()
    await rows.query(
      `update link_attempts set seen_at = clock_timestamp() - interval '61 seconds' where session_id = $1`,
      [left],
    )
    expect(await ended(left)).toEqual({ phase: 'expired', reason: 'left_queue' })
    expect(await here.view()).toMatchObject({ phase: 'queued', queuePosition: 1 })
  })

  test('and WhatsApp refuses this client meanwhile, those who wait are told so and not sent to it', async () => {
    const waiting: string[] = []
    for (let nth = 1; nth <= 3; nth++) waiting.push((await queue(gateway.visitor())).sessionId)
    await gateway.simulator.fault('fail-registration', { reason: 405, always: true })
    await using second = await SecondNode.start(gateway)
    expect(await second.visitor(null).request('POST', '/api/sessions/start', {})).toMatchObject({ status: 502 })
    const refusals = async () => (await gateway.simulator.ledger({ direction: 'out', tag: 'failure' })).length
    const before = await refusals()

    // whose turn it is then meets the second refusal, after which nobody needs another one
    await leave(first, firstId)
    for (const id of waiting) expect(await ended(id)).toEqual({ phase: 'failed', reason: 'engine_outdated' })
    expect((await refusals()) - before).toBeLessThan(waiting.length)
    await gateway.simulator.fault('clear-faults')
    await rows.query(`delete from connect_breakers`)
  }, 60_000)

  test('and the queue is full, the next is told to come again', async () => {
    for (let n = 1; n <= 3; n++) await queue(gateway.visitor())
    const answer = await gateway.visitor().request('POST', '/api/sessions/start', {})
    expect(answer).toMatchObject({ status: 503, body: { code: 'node_full' } })
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(answer.headers.getSetCookie()).toEqual([])
  })

  test('a restart ends the wait, and says so', async () => {
    const visitor = gateway.visitor()
    const { sessionId } = await queue(visitor)
    await gateway.stopApp()
    await gateway.startApp()
    expect(await ended(sessionId)).toEqual({ phase: 'expired', reason: 'node_lost' })
    expect(await ended(firstId)).toEqual({ phase: 'expired', reason: 'node_lost' })
    first = gateway.visitor(first.cookie)
    firstId = (await first.start()).sessionId
  })
})

describe('a service that links while every place is taken', () => {
  const connect = (sessionId: string) => new Operator(gateway.url, serviceToken).ask('POST', '/connect', { sessionId })
  const disconnect = (sessionId: string) =>
    new Operator(gateway.url, serviceToken).ask('POST', '/disconnect', { sessionId })
  const status = async (sessionId: string) =>
    (await new Operator(gateway.url, serviceToken).ask('GET', `/session-status/${sessionId}`)).body

  test('is told its place ahead of visitors, joins it by its id, and links when its turn has come', async () => {
    const visitor = gateway.visitor()
    await queue(visitor)
    const [sessionId, owner] = [randomUUID(), await phone()]
    const answer = await connect(sessionId)
    expect(answer).toMatchObject({
      status: 200,
      body: { sessionId, status: 'connecting', state: 'linking', queuePosition: 1 },
    })
    expect(answer.body).not.toHaveProperty('qrCode')
    expect(await connect(sessionId)).toMatchObject({ status: 200, body: answer.body })
    expect((await visitor.view()).queuePosition).toBe(2)
    expect(await rows.query(`select from session_credentials where session_id = $1`, [sessionId])).toEqual([])
    // however long nobody asks: it is no page that somebody closes
    await rows.query(`update link_attempts set seen_at = now() - interval '1 hour' where session_id = $1`, [sessionId])
    await leave(first, firstId)
    await expect.poll(() => status(sessionId)).toHaveProperty('qrCode')
    const { queuePosition, qrCode } = await status(sessionId)
    expect(queuePosition).toBeUndefined()
    await owner.scanPicture(Buffer.from(String(qrCode).split(',')[1] ?? '', 'base64'))
    await expect.poll(() => status(sessionId)).toMatchObject({ status: 'connected', state: 'connected' })
    await expect.poll(async () => (await visitor.view()).phase).toBe('scanning')
    await leave(visitor, (await visitor.view()).sessionId)
    await disconnect(sessionId)
  })

  test('leaves the queue when it says so; nothing was opened', async () => {
    const sessionId = randomUUID()
    expect((await connect(sessionId)).body).toMatchObject({ queuePosition: 1 })
    expect(await disconnect(sessionId)).toMatchObject({
      status: 200,
      body: { sessionId, status: 'disconnected', reason: { code: 'cancelled' } },
    })
    for (const table of ['data_keys', 'session_leases'])
      expect(await rows.query(`select from ${table} where session_id = $1`, [sessionId]), table).toEqual([])
    const visitor = gateway.visitor()
    expect((await queue(visitor)).queuePosition).toBe(1)
  })
})

test('a page that is closed says so, and lets whoever has begun go on', async () => {
  const limits = { ...gateway.config.limits, closed: true }
  await using closed = await SecondNode.start(gateway, { config: { limits } })
  const answer = await closed.visitor(null).request('POST', '/api/sessions/start', {})
  expect(answer).toMatchObject({ status: 503, body: { code: 'linking_closed', action: expect.any(String) } })
  expect(answer.headers.getSetCookie()).toEqual([])
  const known = closed.visitor(first.cookie)
  expect(await known.request('POST', '/api/sessions/start', {})).toMatchObject({
    status: 200,
    body: { sessionId: firstId },
  })
})

describe('too many starts', () => {
  test('at once cost minutes at most: a second device may ask for the number as soon as the first has left', async () => {
    await leave(first, firstId)
    const { phoneNumber } = await phone()
    const visitor = gateway.visitor()
    const { sessionId } = await visitor.startByCode(phoneNumber)
    const ask = () => gateway.visitor().request('POST', '/api/sessions/start', { phoneNumber })
    for (let n = 1; n <= 5; n++) {
      const answer = await ask()
      expect(answer).toMatchObject({ status: 429, body: { code: 'too_many_attempts' } })
      expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(180)
    }
    await leave(visitor, sessionId)
    const second = gateway.visitor()
    const again = await second.startByCode(phoneNumber)
    await leave(second, again.sessionId)
  })

  test('of one number are refused like any other, and opened nothing; the service token waits for no limit', async () => {
    await leave(first, firstId)
    const { phoneNumber } = await phone()
    for (let n = 1; n <= 3; n++) {
      const visitor = gateway.visitor()
      await leave(visitor, (await visitor.startByCode(phoneNumber)).sessionId)
    }
    const before = await rows.query(`select from link_attempts`)
    const answer = await gateway.visitor().request('POST', '/api/sessions/start', { phoneNumber })
    expect(answer).toMatchObject({ status: 429, body: { code: 'too_many_attempts' } })
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await rows.query(`select from link_attempts`)).toHaveLength(before.length)

    const service = gateway.visitor()
    const authorization = `Bearer ${serviceToken}`
    const started = await service.request('POST', '/api/sessions/start', { phoneNumber }, { authorization })
    expect(started).toMatchObject({ status: 200, body: { pairingCode: expect.any(String) } })
    await leave(service, String(started.body['sessionId']))
  })
})
