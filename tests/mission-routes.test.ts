import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Operator } from './support/operator.js'
import { pictureOf } from './support/picture-of.js'
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

const connect = (body: object, asks = here) => asks.ask('POST', '/connect', body)
const status = (sessionId: string, asks = here) => asks.ask('GET', `/session-status/${sessionId}`)
const isConnected = (sessionId: string) =>
  expect.poll(async () => (await status(sessionId)).body).toMatchObject({ status: 'connected' })

describe('POST /connect', () => {
  test('links by QR under an id of the caller’s, silently; asked again it joins, then answers the session', async () => {
    const phone = await nodes.phone()
    const sessionId = randomUUID()
    const [first, again] = await Promise.all([
      connect({ sessionId, sessionName: 'Till 4' }),
      connect({ sessionId: sessionId.toUpperCase(), sessionName: 'Till 4' }, there),
    ])
    for (const answer of [first, again])
      expect(answer).toMatchObject({
        status: 200,
        body: { sessionId, status: 'connecting', state: 'linking', qrCode: expect.stringMatching(/^data:image\/png/) },
      })
    expect(await rows.query(`select from link_attempts where session_id = $1`, [sessionId])).toHaveLength(1)
    expect((await status(sessionId, there)).body).toMatchObject({ status: 'connecting', qrCode: again.body['qrCode'] })
    await phone.scanPicture(pictureOf(first.body['qrCode']))
    await isConnected(sessionId)
    expect((await status(sessionId)).body).not.toHaveProperty('qrCode')
    expect(await connect({ sessionId }, there)).toMatchObject({ status: 200, body: { sessionId, status: 'connected' } })
    expect((await here.view(sessionId)).body).toMatchObject({ name: 'Till 4', mode: 'managed' })
    await phone.waitForQuiet()
    expect(await phone.messages(phone.jid)).toEqual([])

    expect(await here.ask('POST', '/disconnect', { sessionId })).toMatchObject({
      status: 200,
      body: { sessionId, status: 'disconnected', state: 'disconnected' },
    })
    expect(await there.ask('POST', '/reconnect', { sessionId })).toMatchObject({
      status: 200,
      body: { sessionId, status: 'connecting' },
    })
    await isConnected(sessionId)
    const { body: list } = await there.ask('GET', '/sessions')
    expect(list).toContainEqual(expect.objectContaining({ sessionId, status: 'connected', state: 'connected' }))
  })

  test('by code, and sends the session ID where it is asked for', async () => {
    const phone = await nodes.phone()
    const { body } = await connect({ phoneNumber: `+${phone.phoneNumber}`, method: 'code', deliverSessionId: true })
    expect(body).toMatchObject({ status: 'connecting', pairingCode: expect.stringMatching(/^\w{4}-\w{4}$/) })
    await phone.enterCode(String(body['pairingCode']))
    await isConnected(String(body['sessionId']))
    await expect.poll(async () => (await phone.messages(phone.jid)).length).toBe(2)
    const [secret, notice] = (await phone.messages(phone.jid)).map(({ text }) => text)
    expect(secret).toMatch(/^WHIZLITE_/)
    expect(notice).toContain('ITC WHIZ LITE services')
  })

  test('the number that is given must be the one that links, also by QR', async () => {
    const phone = await nodes.phone()
    const stranger = await nodes.phone()
    const { body } = await connect({ phoneNumber: `+${phone.phoneNumber}` })
    await stranger.scanPicture(pictureOf(body['qrCode']))
    await expect
      .poll(async () => (await status(String(body['sessionId']))).body)
      .toMatchObject({ status: 'disconnected', reason: { code: 'wrong_number' } })
    await expect.poll(() => stranger.devices()).toEqual([])
    expect(await rows.query(`select from sessions where id = $1`, [body['sessionId']])).toEqual([])
    const again = await connect({ phoneNumber: `+${phone.phoneNumber}` })
    await phone.scanPicture(pictureOf(again.body['qrCode']))
    const sessionId = String(again.body['sessionId'])
    await isConnected(sessionId)
    expect(await connect({ sessionId, phoneNumber: phone.phoneNumber })).toMatchObject({ status: 200 })
    const foreign = await connect({ sessionId, phoneNumber: `+${stranger.phoneNumber}` })
    expect(foreign).toMatchObject({ status: 409, body: { code: 'session_id_taken', error: expect.any(String) } })
  })

  test('an id has one attempt, which is not changed, and is used up when that has ended', async () => {
    const phone = await nodes.phone()
    const sessionId = randomUUID()
    expect((await connect({ sessionId })).body).toHaveProperty('qrCode')
    const byCode = { sessionId, method: 'code', phoneNumber: phone.phoneNumber }
    for (const asks of [here, there])
      expect(await connect(byCode, asks)).toMatchObject({ status: 409, body: { code: 'attempt_running' } })
    expect(await there.ask('POST', '/disconnect', { sessionId })).toMatchObject({
      status: 200,
      body: { status: 'disconnected', reason: { code: 'cancelled' } },
    })
    for (const asks of [here, there])
      expect(await connect({ sessionId }, asks)).toMatchObject({ status: 409, body: { code: 'session_id_taken' } })
    expect(await status(sessionId)).toMatchObject({ body: { status: 'disconnected', reason: { code: 'cancelled' } } })
  })

  test('an id of a visitor’s link is another’s, and shows nothing of it', async () => {
    const visitor = nodes.gateway.visitor()
    const { sessionId } = await visitor.start()
    expect(await connect({ sessionId })).toMatchObject({ status: 409, body: { code: 'session_id_taken' } })
    expect(await status(sessionId)).toMatchObject({ status: 404, body: { code: 'session_not_found' } })
    expect(await here.ask('POST', '/disconnect', { sessionId })).toMatchObject({ status: 404 })
    expect((await visitor.view(sessionId)).phase).toBe('scanning')
    await visitor.request('DELETE', `/api/sessions/${sessionId}`)
  })
})

describe('who asks', () => {
  const routes = [
    ['POST', '/connect', {}],
    ['POST', '/disconnect', { sessionId: randomUUID() }],
    ['POST', '/reconnect', { sessionId: randomUUID() }],
    ['GET', `/session-status/${randomUUID()}`, undefined],
    ['GET', '/sessions', undefined],
  ] as const

  test.each(routes)('%s %s must show the service token', async (method, path, body) => {
    for (const headers of [{}, { authorization: 'Bearer wrong' }])
      expect(await nodes.gateway.visitor().request(method, path, body, headers)).toMatchObject({
        status: 401,
        body: { code: 'invalid_service_token', error: expect.any(String) },
      })
  })

  test.each(routes)('%s %s refuses a user whom nobody knows', async (method, path, body) => {
    expect(await here.ask(method, path, body, { 'x-user-id': randomUUID() })).toMatchObject({
      status: 400,
      body: { code: 'user_unknown', error: expect.stringContaining('X-User-Id') },
    })
  })
})
