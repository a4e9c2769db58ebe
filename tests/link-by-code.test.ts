import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { codeFinishLimitMs, codeLifetimeMs } from '../src/backend/engine/baileys/pairing-code.js'
import type { LinkAttemptView } from '../src/contract/linking.js'
import { decodeSessionId } from '../src/session/index.js'
import type { Phone } from '../src/simulator/index.js'
import { clockAhead } from './support/clock-ahead.js'
import { Rows } from './support/rows.js'
import { shortWaits } from './support/short-waits.js'
import { TestGateway } from './support/test-gateway.js'
import type { Visitor } from './support/visitor.js'

let gateway: TestGateway
let rows: Rows
let phone: Phone
let visitor: Visitor
let number = 254_711_000_000

beforeAll(async () => {
  gateway = await TestGateway.start()
  rows = new Rows(gateway.database.ownerUrl)
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
})

beforeEach(async () => {
  phone = await gateway.simulator.phone(String(++number))
  visitor = gateway.visitor()
})

const wrongCode = 'ZZZZ-ZZZZ'

async function ended(sessionId: string, who = visitor): Promise<LinkAttemptView> {
  await rows.waitFor(
    `select from link_attempts where session_id = $1 and phase in ('complete', 'failed', 'expired', 'cancelled')`,
    [sessionId],
  )
  return who.view(sessionId)
}

async function expectShredded(sessionId: string): Promise<void> {
  for (const table of ['session_credentials', 'signal_keys', 'inbound_journal', 'data_keys', 'session_leases']) {
    expect(await rows.query(`select from ${table} where session_id = $1`, [sessionId]), table).toEqual([])
  }
  const kept = `select qr, code, expected_number from link_attempts where session_id = $1`
  expect(await rows.query(kept, [sessionId])).toEqual([{ qr: null, code: null, expected_number: null }])
}

async function expectBothMessages(): Promise<void> {
  await phone.waitForQuiet()
  const [first, second, ...more] = await phone.messages(phone.jid)
  expect(decodeSessionId(first?.text ?? '').account).toMatchObject({ number: phone.phoneNumber })
  expect(second?.text).toContain(phone.phoneNumber)
  expect(more).toEqual([])
}

describe('a code that is typed on its phone', () => {
  test('links the account: the page hears of each step, the phone gets both messages', async () => {
    const { sessionId, pairingCode } = await visitor.startByCode(`+${phone.phoneNumber}`)
    const events = visitor.listen()
    expect((await events.waitForEvent('pairing_code')).data).toEqual({
      sessionId,
      pairingCode,
      status: 'connecting',
      expiresInMs: expect.any(Number),
    })
    expect(await visitor.view(sessionId)).toMatchObject({
      method: 'code',
      phase: 'scanning',
      pairingCode,
      codeEntered: false,
      codeExpiresInMs: expect.any(Number),
    })
    await phone.enterCode(pairingCode)
    await events.waitForEvent('complete')
    const told = events.all().map(({ event }) => event)
    expect(told).toContain('pairing_code_entered')
    expect(told).not.toContain('qr_code')
    const methods = events.all().flatMap(({ event, data }) => (event === 'progress' ? [data] : []))
    expect(methods).toEqual(methods.map(() => expect.objectContaining({ method: 'code' })))
    expect(await visitor.view(sessionId)).toMatchObject({ phase: 'complete', method: 'code', reason: null })
    await expectBothMessages()
    const kept = `select code, expected_number from link_attempts where session_id = $1`
    expect(await rows.query(kept, [sessionId])).toEqual([{ code: null, expected_number: null }])
    events.socket.close()
  })

  test.each(['qr', 'code'])(
    'of an account that was linked before (by %s) says that the earlier session is superseded',
    async before => {
      const earlier = gateway.visitor()
      const first = before === 'qr' ? await earlier.start() : await earlier.startByCode(phone.phoneNumber)
      if ('pairingCode' in first) await phone.enterCode(first.pairingCode)
      else await phone.scanPicture(Buffer.from(first.qrCode.split(',')[1] ?? '', 'base64'))
      expect(await ended(first.sessionId, earlier)).toMatchObject({ phase: 'complete', reason: null })
      const { sessionId, pairingCode } = await visitor.startByCode(phone.phoneNumber)
      await phone.enterCode(pairingCode)
      expect(await ended(sessionId)).toMatchObject({ phase: 'complete', reason: { code: 'superseded_older' } })
      expect(await rows.query(`select state from sessions where id = $1`, [first.sessionId])).toEqual([
        { state: 'superseded' },
      ])
    },
  )

  test('may be mistyped before', async () => {
    const { sessionId, pairingCode } = await visitor.startByCode(phone.phoneNumber)
    await expect(phone.enterCode(wrongCode)).rejects.toMatchObject({ code: 'code_wrong' })
    await expect.poll(async () => (await visitor.view(sessionId)).codeEntered).toBe(true)
    expect(await visitor.view(sessionId)).toMatchObject({ phase: 'scanning', pairingCode })
    await phone.enterCode(pairingCode)
    expect(await ended(sessionId)).toMatchObject({ phase: 'complete' })
    await expectBothMessages()
  })

  test('in its last second still links: the phone gets the time to finish', async () => {
    const { sessionId, pairingCode } = await visitor.startByCode(phone.phoneNumber)
    const hold = await gateway.simulator.hold({ direction: 'out', child: 'pair-success' })
    const codeEndsAt = performance.now() + 1_500
    const clock = clockAhead(codeLifetimeMs - 1_500)
    const linking = phone.enterCode(pairingCode)
    await expect.poll(async () => (await visitor.view(sessionId)).codeEntered).toBe(true)
    clock[Symbol.dispose]()
    const { expiresInMs = 0 } = await visitor.view(sessionId)
    expect(expiresInMs).toBeGreaterThan(codeFinishLimitMs / 2)
    expect(expiresInMs).toBeLessThanOrEqual(codeFinishLimitMs)
    await vi.waitUntil(() => performance.now() > codeEndsAt, { timeout: 5_000 })
    await hold.release()
    await linking
    expect(await ended(sessionId)).toMatchObject({ phase: 'complete' })
    await expectBothMessages()
  })

  test('on another account than the one that was named links nothing: that device is taken off again', async () => {
    const other = await gateway.simulator.phone(String(++number))
    const { sessionId, pairingCode } = await visitor.startByCode(phone.phoneNumber)
    await other.enterCode(pairingCode, { of: phone.phoneNumber })
    expect(await ended(sessionId)).toMatchObject({ phase: 'failed', reason: { code: 'wrong_number' } })
    await expectShredded(sessionId)
    await expect.poll(() => other.devices()).toEqual([])
    expect(await phone.devices()).toEqual([])
    await other.waitForQuiet()
    expect(await other.messages(other.jid)).toEqual([])
    expect(await rows.query(`select from sessions where id = $1`, [sessionId])).toEqual([])
  })
})

describe('a code that links nothing', () => {
  test('has expired when nobody typed it', async () => {
    using _ = shortWaits(new Map([[codeLifetimeMs, 1_500]]))
    const { sessionId } = await visitor.startByCode(phone.phoneNumber)
    expect(await ended(sessionId)).toMatchObject({ phase: 'expired', reason: { code: 'code_expired' } })
    await expectShredded(sessionId)
  })

  test('was typed, and nothing came of it', async () => {
    using _ = shortWaits(new Map([[60_000, 100]]))
    const { sessionId } = await visitor.startByCode(phone.phoneNumber)
    await expect(phone.enterCode(wrongCode)).rejects.toMatchObject({ code: 'code_wrong' })
    expect(await ended(sessionId)).toMatchObject({ phase: 'failed', reason: { code: 'pairing_unfinished' } })
    await expectShredded(sessionId)
    await expect(phone.enterCode(wrongCode)).rejects.toMatchObject({ code: 'code_expired' })
  })
})

describe('a number', () => {
  test.each([
    ['', 'empty'],
    ['call me', 'letters'],
    ['0712 345678', 'no country'],
    ['+254 71', 'too short'],
    ['+254 712 345678 901234', 'too long'],
  ])('%j is explained before anything is opened: %s', async typed => {
    const attempts = await rows.query(`select from link_attempts`)
    const stanzas = await gateway.simulator.ledger()
    const answer = await visitor.request('POST', '/api/sessions/start', { phoneNumber: typed })
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'validation_failed', errors: [{ path: 'phoneNumber' }] },
    })
    expect(answer.headers.getSetCookie()).toEqual([])
    expect(await rows.query(`select from link_attempts`)).toEqual(attempts)
    expect(await gateway.simulator.ledger()).toEqual(stanzas)
  })

  test('that nobody has is answered like any other', async () => {
    const unknown = await gateway.visitor().request('POST', '/api/sessions/start', { phoneNumber: String(++number) })
    const known = await visitor.request('POST', '/api/sessions/start', { phoneNumber: phone.phoneNumber })
    const shape = { sessionId: expect.any(String), pairingCode: expect.any(String) }
    expect([unknown, known]).toMatchObject([
      { status: 200, body: shape },
      { status: 200, body: shape },
    ])
    expect(Object.keys(unknown.body)).toEqual(Object.keys(known.body))
  })

  test('is in no row, event or log line that can be read', async () => {
    const { sessionId, pairingCode } = await visitor.startByCode(phone.phoneNumber)
    const [row] = await rows.query<{ row: string }>(
      `select to_jsonb(a)::text as row from link_attempts a where session_id = $1`,
      [sessionId],
    )
    const events = await rows.query<{ data: Buffer }>(`select data from event_log where session_id = $1`, [sessionId])
    const seen = [row?.row, ...gateway.logLines, ...events.map(({ data }) => data.toString('latin1'))].join('\n')
    const hex = (text: string) => Buffer.from(text).toString('hex')
    for (const secret of [phone.phoneNumber, pairingCode, hex(phone.phoneNumber), hex(pairingCode)])
      expect(seen).not.toContain(secret)
  })
})

describe('a browser that has an attempt under way', () => {
  test('joins it with the same number, however it is written', async () => {
    const first = await visitor.startByCode(phone.phoneNumber)
    const { phoneNumber } = phone
    const spaced = `+${phoneNumber.slice(0, 3)} ${phoneNumber.slice(3, 6)} ${phoneNumber.slice(6)}`
    expect(await gateway.visitor(visitor.cookie).startByCode(spaced)).toEqual(first)
    expect(await phone.codeRequests()).toHaveLength(1)
  })

  test('may change its mind: the older way ends, the newer one links', async () => {
    const qr = await visitor.start()
    const heard = visitor.listen()
    await heard.waitForEvent('qr_code')
    const code = await visitor.startByCode(String(++number))
    expect((await heard.waitForEvent('link_ended')).data).toMatchObject({ reason: 'replaced_by_visitor' })
    const other = await visitor.startByCode(phone.phoneNumber)
    const back = await visitor.start()
    const again = await visitor.startByCode(phone.phoneNumber)
    const all = [qr, code, other, back, again].map(({ sessionId }) => sessionId)
    expect(new Set(all).size).toBe(5)
    for (const sessionId of all.slice(0, -1)) {
      expect(await visitor.view(sessionId)).toMatchObject({
        phase: 'cancelled',
        reason: { code: 'replaced_by_visitor' },
      })
      await expectShredded(sessionId)
    }
    expect(await visitor.view()).toMatchObject({ sessionId: again.sessionId, pairingCode: again.pairingCode })
    await expect(phone.enterCode(other.pairingCode)).rejects.toThrow()
    await phone.enterCode(again.pairingCode)
    expect(await ended(again.sessionId)).toMatchObject({ phase: 'complete' })
    heard.socket.close()
  })

  test('may not, once a phone has accepted', async () => {
    const hold = await gateway.simulator.hold({ direction: 'in', tag: 'message', account: phone.phoneNumber })
    const { sessionId, pairingCode } = await visitor.startByCode(phone.phoneNumber)
    await phone.enterCode(pairingCode)
    await hold.reached
    for (const body of [{}, { phoneNumber: phone.phoneNumber }]) {
      const again = await visitor.request('POST', '/api/sessions/start', body)
      expect(again).toMatchObject({ status: 409, body: { code: 'attempt_running' } })
    }
    await hold.release()
    expect(await ended(sessionId)).toMatchObject({ phase: 'complete' })
  })

  test('cancels it: nothing is left, the code opens nothing', async () => {
    const { sessionId, pairingCode } = await visitor.startByCode(phone.phoneNumber)
    expect((await visitor.request('DELETE', `/api/sessions/${sessionId}`)).status).toBe(204)
    expect(await visitor.view(sessionId)).toMatchObject({ phase: 'cancelled', reason: { code: 'cancelled' } })
    await expectShredded(sessionId)
    await expect(phone.enterCode(pairingCode)).rejects.toMatchObject({ code: 'code_expired' })
  })
})
