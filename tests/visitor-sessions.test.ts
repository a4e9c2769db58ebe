import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBot } from './support/bot.js'
import { answers, linkManaged, secretsLeft } from './support/managed-account.js'
import { Rows } from './support/rows.js'
import { TestGateway } from './support/test-gateway.js'

const token = randomBytes(32).toString('hex')
let gateway: TestGateway
let rows: Rows
let number = 254_700_000_400

beforeAll(async () => {
  gateway = await TestGateway.start({ env: { LINK_DEFAULT: 'managed', WHATSAPP_SERVICE_TOKEN: token } })
  rows = new Rows(gateway.database.ownerUrl)
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
})

const link = async () => linkManaged(gateway, rows, await gateway.simulator.phone(String(++number)))

test('a bot that starts with a resent session ID takes the session over, and it can be taken back', async () => {
  const { phone, visitor, sessionId } = await link()
  const { text: string } = await phone.waitForMessage({ fromMe: true })
  const bot = await openBot(gateway.simulator, string ?? '')
  // it steps back for a minute before it asks once more
  await rows.waitFor(`select 1 from sessions where id = $1 and state = 'reconnecting' and reason = 'replaced'`, [
    sessionId,
  ])
  await phone.send(phone.jid, '.menu')
  await bot.text('.menu')
  const view = await visitor.view(sessionId)
  expect(view).toMatchObject({ phase: 'complete', state: 'reconnecting', reason: { code: 'replaced' } })
  expect(view.reason?.action).toContain('your bot')
  await bot.close()
  await phone.waitForDevice('offline')
  const path = `/api/v1/sessions/${sessionId}/take-back`
  const authorization = `Bearer ${token}`
  expect(await gateway.visitor().request('POST', path, { botStopped: true }, { authorization })).toMatchObject({
    status: 200,
    body: { sessionId, state: 'connecting' },
  })
  await rows.waitFor(`select 1 from sessions where id = $1 and state = 'connected'`, [sessionId])
  expect(await answers(phone, 0)).toEqual([])
  await phone.send(phone.jid, '.status')
  expect(await answers(phone, 1)).toEqual([expect.stringContaining('Connected since')])
})

describe('a session that somebody has stolen', () => {
  const authorization = `Bearer ${token}`

  /** As after the second time that something else has logged in with it. */
  const comesToRest = (sessionId: string) =>
    rows.query(
      `with lease as (update session_leases set wanted = false, epoch = epoch + 1 where session_id = $1)
       update sessions set state = 'disconnected', reason = 'replaced' where id = $1`,
      [sessionId],
    )

  test.each([
    ['logged out while it waits', 'POST', '/logout', false],
    ['logged out when it rests', 'POST', '/logout', true],
    ['deleted', 'DELETE', '', true],
    ['revoked by the browser that linked it', 'POST', 'revoke', true],
  ] as const)(
    '%s: one more login ends the copy',
    async (_what, method, path, rests) => {
      const { phone, visitor, sessionId } = await link()
      const { text: string } = await phone.waitForMessage({ fromMe: true })
      const thief = await openBot(gateway.simulator, string ?? '')
      await rows.waitFor(`select 1 from sessions where id = $1 and state = 'reconnecting' and reason = 'replaced'`, [
        sessionId,
      ])
      if (rests) await comesToRest(sessionId)
      const can = (await visitor.view(sessionId)).can
      expect(can).toEqual(rests ? ['revoke'] : ['resend', 'revoke'])
      const url = path === 'revoke' ? `/api/sessions/${sessionId}/revoke` : `/api/v1/sessions/${sessionId}${path}`
      const asks = path === 'revoke' ? visitor : gateway.visitor()
      const body = method === 'POST' ? {} : undefined
      const answer = await asks.request(method, url, body, path === 'revoke' ? {} : { authorization })
      expect(answer).toMatchObject({ status: 200, body: { state: 'logged_out' } })
      expect(await phone.devices()).toEqual([])
      await thief.close()
    },
    60_000,
  )

  test('and rests is not sent to anybody, and stays closed to others', async () => {
    const { visitor, sessionId } = await link()
    await comesToRest(sessionId)
    const ask = (of: typeof visitor, what: string) => of.request('POST', `/api/sessions/${sessionId}/${what}`, {})
    expect(await ask(visitor, 'resend')).toMatchObject({ status: 409, body: { code: 'session_state' } })
    expect(await ask(gateway.visitor(), 'revoke')).toMatchObject({ status: 404, body: { code: 'attempt_not_found' } })
  })
})

describe('the browser that linked', () => {
  test('may have the session ID resent, three times an hour', async () => {
    const { phone, visitor, sessionId } = await link()
    expect((await visitor.view(sessionId)).can).toEqual(['resend', 'revoke'])
    const path = `/api/sessions/${sessionId}/resend`
    for (let i = 0; i < 3; i++)
      expect(await visitor.request('POST', path, {})).toMatchObject({ status: 200, body: { queued: true } })
    const refused = await visitor.request('POST', path, {})
    expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_attempts' } })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_500)
    await expect.poll(() => secretsLeft(rows, sessionId)).toEqual([])
    await phone.waitForQuiet()
    expect((await answers(phone, 6)).filter(text => text.startsWith('WHIZLITE_'))).toHaveLength(3)
  })

  test('is told in the chat when it could not be sent, and such a sending is not counted', async () => {
    const { phone, visitor, sessionId } = await link()
    const { deviceId } = await phone.waitForDevice('online')
    const resend = () => visitor.request('POST', `/api/sessions/${sessionId}/resend`, {})
    gateway.simulator.device(phone.phoneNumber, deviceId).refuseNextMessage(463)
    expect(await resend()).toMatchObject({ status: 200 })
    expect(await answers(phone, 1)).toEqual([expect.stringContaining('WhatsApp has not confirmed')])
    for (let i = 0; i < 3; i++) expect(await resend()).toMatchObject({ status: 200 })
    expect(await resend()).toMatchObject({ status: 429 })
    const said = (await answers(phone, 7)).slice(1)
    expect(said.filter(text => text.startsWith('WHIZLITE_'))).toHaveLength(3)
    expect(said.filter(text => text.includes('in the message above, once more'))).toHaveLength(3)
    expect(await secretsLeft(rows, sessionId)).toEqual([])
  })

  test('may revoke; then nothing is left to ask for', async () => {
    const { phone, visitor, sessionId } = await link()
    const answer = await visitor.request('POST', `/api/sessions/${sessionId}/revoke`, {})
    expect(answer).toMatchObject({ status: 200, body: { state: 'logged_out' } })
    expect(await phone.devices()).toEqual([])
    const view = await visitor.view(sessionId)
    expect(view).toMatchObject({ phase: 'complete', state: 'logged_out', status: 'disconnected' })
    expect(view.reason?.message).toContain('as its owner had asked')
    for (const what of ['resend', 'revoke'])
      expect(await visitor.request('POST', `/api/sessions/${sessionId}/${what}`, {})).toMatchObject({
        status: 409,
        body: { code: 'session_state' },
      })
  })

  test('nobody else may: another browser, no browser, an unknown session are told the same', async () => {
    const { phone, sessionId } = await link()
    const other = await link()
    const unknown = '00000000-0000-4000-8000-000000000000'
    for (const what of ['resend', 'revoke']) {
      const told = new Set<string>()
      for (const asking of [other.visitor, gateway.visitor()])
        for (const id of [sessionId, unknown, 'x']) {
          const { status, body } = await asking.request('POST', `/api/sessions/${id}/${what}`, {})
          told.add(`${status} ${JSON.stringify(body)}`)
        }
      expect(told.size).toBe(1)
      expect([...told][0]).toMatch(/^404 .*attempt_not_found/)
    }
    await phone.waitForQuiet()
    expect(await answers(phone, 0)).toEqual([])
  })
})
