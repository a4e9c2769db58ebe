import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { LinkAttemptView } from '../src/contract/linking.js'
import { linkReason, type LinkReason } from '../src/backend/linking/link-reasons.js'
import type { Phone } from '../src/simulator/index.js'
import { expectNothingKept } from './support/link-remains.js'
import { Rows } from './support/rows.js'
import { shortWaits } from './support/short-waits.js'
import { TestGateway } from './support/test-gateway.js'
import type { Visitor } from './support/visitor.js'

let gateway: TestGateway
let rows: Rows
let phone: Phone
let visitor: Visitor
let number = 254_713_000_000

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

afterEach(async () => {
  await gateway.simulator.fault('clear-faults')
  await gateway.simulator.fault('upgrade-silence', { off: true })
  await gateway.simulator.fault('upgrade-reset', { off: true })
  await rows.query('delete from connect_breakers')
})

type Method = 'qr' | 'code'
type Fault = [name: string, params?: Record<string, string | number | boolean>]

async function ended(sessionId: string): Promise<LinkAttemptView> {
  await rows.waitFor(
    `select from link_attempts where session_id = $1 and phase in ('complete', 'failed', 'expired', 'cancelled')`,
    [sessionId],
    30_000,
  )
  return visitor.view(sessionId)
}

/** The attempt that the last start has opened: a browser that has never had one gets no cookie for it. */
async function expectEnded(expected: { method: Method; reason: LinkReason }): Promise<void> {
  const [last] = await rows.query<{ session_id: string }>(
    `select session_id, phase, method, reason from link_attempts order by created_at desc limit 1`,
  )
  expect(last).toMatchObject({ phase: 'failed', ...expected })
  await expectNothingKept(rows, last?.session_id ?? '')
}

const request = (method: Method) =>
  visitor.request('POST', '/api/sessions/start', method === 'qr' ? {} : { phoneNumber: phone.phoneNumber })

/** Starts, and lets the phone agree as far as it gets. */
async function startAndAgree(method: Method): Promise<string> {
  if (method === 'code') {
    const { sessionId, pairingCode } = await visitor.startByCode(phone.phoneNumber)
    await phone.enterCode(pairingCode).catch(() => {})
    return sessionId
  }
  const { sessionId, qrCode } = await visitor.start()
  await phone.scanPicture(Buffer.from(qrCode.split(',')[1] ?? '', 'base64')).catch(() => {})
  return sessionId
}

describe.each<Method>(['qr', 'code'])('before there is anything to show, by %s', method => {
  const refusals: [what: string, fault: Fault, LinkReason, status: number, code: string][] = [
    ['200 on the upgrade', ['upgrade-status', { status: 200 }], 'whatsapp_intercepted', 502, 'whatsapp_refused'],
    [
      '302 on the upgrade',
      ['upgrade-status', { status: 302, location: 'http://127.0.0.1:9/login' }],
      'whatsapp_intercepted',
      502,
      'whatsapp_refused',
    ],
    ['401 on the upgrade', ['upgrade-status', { status: 401 }], 'whatsapp_intercepted', 502, 'whatsapp_refused'],
    ['403 on the upgrade', ['upgrade-status', { status: 403 }], 'whatsapp_intercepted', 502, 'whatsapp_refused'],
    ['405 on the upgrade', ['upgrade-status', { status: 405 }], 'whatsapp_intercepted', 502, 'whatsapp_refused'],
    ['429 on the upgrade', ['upgrade-status', { status: 429 }], 'whatsapp_busy', 503, 'whatsapp_refused'],
    ['503 on the upgrade', ['upgrade-status', { status: 503 }], 'whatsapp_busy', 503, 'whatsapp_refused'],
    ['a reset connection', ['upgrade-reset'], 'whatsapp_unreachable', 502, 'whatsapp_unreachable'],
    ['silence', ['upgrade-silence'], 'whatsapp_unreachable', 502, 'whatsapp_unreachable'],
    ['401 to a new device', ['fail-registration', { reason: 401 }], 'whatsapp_refused', 502, 'whatsapp_refused'],
    ['403 to a new device', ['fail-registration', { reason: 403 }], 'whatsapp_refused', 502, 'whatsapp_refused'],
    ['405 to a new device', ['fail-registration', { reason: 405 }], 'engine_outdated', 502, 'whatsapp_refused'],
    ['409 to a new device', ['fail-registration', { reason: 409 }], 'server_not_accepted', 502, 'whatsapp_refused'],
    ['429 to a new device', ['fail-registration', { reason: 429 }], 'whatsapp_busy', 503, 'whatsapp_refused'],
    ['500 to a new device', ['fail-registration', { reason: 500 }], 'whatsapp_fault', 502, 'whatsapp_refused'],
    ['501 to a new device', ['fail-registration', { reason: 501 }], 'whatsapp_fault', 502, 'whatsapp_refused'],
    ['503 to a new device', ['fail-registration', { reason: 503 }], 'whatsapp_fault', 502, 'whatsapp_refused'],
    ['402 to a new device', ['fail-registration', { reason: 402 }], 'whatsapp_refused', 502, 'whatsapp_refused'],
    ['406 to a new device', ['fail-registration', { reason: 406 }], 'whatsapp_refused', 502, 'whatsapp_refused'],
    ['418 to a new device', ['fail-registration', { reason: 418 }], 'whatsapp_refused', 502, 'whatsapp_refused'],
    ['a line cut at once', ['drop', { at: 'registration' }], 'whatsapp_unreachable', 502, 'whatsapp_unreachable'],
  ]
  test.each(refusals)('%s', async (_what, [name, params], reason, status, code) => {
    using _ = shortWaits(name === 'upgrade-silence' ? new Map([[25_000, 500]]) : new Map())
    await gateway.simulator.fault(name, params)
    const answer = await request(method)
    const words = linkReason(reason)
    expect(answer).toMatchObject({ status, body: { code, detail: words?.message, action: words?.action } })
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    await expectEnded({ method, reason })
  })

  test('429 on the upgrade with the time to wait: the visitor is told no less', async () => {
    await gateway.simulator.fault('upgrade-status', { status: 429, retryAfter: 600 })
    expect(Number((await request(method)).headers.get('retry-after'))).toBeGreaterThanOrEqual(600)
  })
})

test('405 to two new devices: nobody else is sent to WhatsApp, but one now and then', async () => {
  await gateway.simulator.fault('fail-registration', { reason: 405, always: true })
  const asks = () => gateway.visitor().request('POST', '/api/sessions/start', {})
  for (let nth = 1; nth <= 2; nth++) expect(await asks()).toMatchObject({ status: 502 })
  await rows.waitFor(`select from connect_breakers where opened_at is not null`)
  const words = linkReason('engine_outdated')
  const refused = { code: 'whatsapp_refused', reason: 'engine_outdated', detail: words?.message, action: words?.action }
  await expect.poll(asks).toMatchObject({ status: 503, body: refused })
  expect(Number((await asks()).headers.get('retry-after'))).toBeGreaterThan(0)

  await gateway.simulator.fault('clear-faults')
  await rows.query(`update connect_breakers set tried_at = tried_at - interval '30 seconds'`)
  expect(await request('qr')).toMatchObject({ status: 200 })
  expect(await asks()).toMatchObject({ status: 503 })
}, 60_000)

describe('a code that WhatsApp does not give', () => {
  const answers: [what: string, Fault, LinkReason, status: number, code: string][] = [
    ['400', ['code-answer', { code: 400 }], 'code_refused', 502, 'whatsapp_refused'],
    ['429', ['code-answer', { code: 429 }], 'code_rate_limited', 429, 'too_many_attempts'],
    ['no answer', ['code-answer', { silent: true }], 'code_unanswered', 502, 'whatsapp_unreachable'],
  ]
  test.each(answers)('%s', async (_what, [name, params], reason, status, code) => {
    await gateway.simulator.fault(name, params)
    const answer = await request('code')
    expect(answer).toMatchObject({ status, body: { code, detail: linkReason(reason)?.message } })
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    await expectEnded({ method: 'code', reason })
  })

  test('because WhatsApp was never reached: that costs the number none of its three in an hour', async () => {
    await gateway.simulator.fault('upgrade-reset')
    for (let n = 1; n <= 3; n++) expect(await request('code')).toMatchObject({ status: 502 })
    await gateway.simulator.fault('upgrade-reset', { off: true })
    expect(await request('code')).toMatchObject({ status: 200 })
  })

  test('429: the number is left alone for a while, the QR is not', async () => {
    await gateway.simulator.fault('code-answer', { code: 429 })
    await request('code')
    const asked = (await phone.codeRequests()).length
    await expect
      .poll(
        async () =>
          (await gateway.visitor().request('POST', '/api/sessions/start', { phoneNumber: phone.phoneNumber })).body[
            'code'
          ],
      )
      .toBe('too_many_attempts')
    expect((await phone.codeRequests()).length).toBe(asked)
    expect((await visitor.start()).qrCode).toContain('data:image/png')
  })
})

describe.each<Method>(['qr', 'code'])('once there is something to show, by %s', method => {
  const start = async () => (method === 'qr' ? visitor.start() : visitor.startByCode(phone.phoneNumber))

  const lines: [what: string, Fault, LinkReason][] = [
    ['the line is cut', ['drop', { at: 'registering' }], 'connection_lost_early'],
    ['WhatsApp ends the stream', ['stream-end', { at: 'registering' }], 'connection_lost_early'],
    ['WhatsApp reports a fault', ['stream-error', { at: 'registering', code: 503 }], 'whatsapp_fault'],
    ['the phone is too old', ['downgrade', { at: 'registering' }], 'phone_outdated'],
  ]
  test.each(lines)('%s', async (_what, [name, params], reason) => {
    const { sessionId } = await start()
    await rows.waitFor(`select from link_attempts where session_id = $1 and phase = 'scanning'`, [sessionId])
    await gateway.simulator.fault(name, params)
    expect(await ended(sessionId)).toMatchObject({ phase: 'failed', method, reason: linkReason(reason) })
    await expectNothingKept(rows, sessionId)
    expect(await phone.devices()).toEqual([])
  })

  test('nobody scans or types it', async () => {
    using _ = shortWaits(
      new Map([
        [120_000, 2_500],
        [177_000, 2_500],
      ]),
    )
    const { sessionId } = await start()
    const reason = method === 'qr' ? 'qr_expired' : 'code_expired'
    expect(await ended(sessionId)).toMatchObject({ phase: 'expired', reason: linkReason(reason) })
    await expectNothingKept(rows, sessionId)
  })
})

describe.each<Method>(['qr', 'code'])('when the phone has agreed, by %s', method => {
  const ends: [what: string, Fault, LinkReason][] = [
    ['a passkey is asked for', ['passkey-request'], 'passkey_required'],
    ['a passkey is asked for without options', ['passkey-request', { options: false }], 'passkey_required'],
    ['the line is cut before it is told', ['drop', { at: 'scan' }], 'connection_lost_early'],
    ['the phone is too old', ['downgrade', { at: 'scan' }], 'phone_outdated'],
    ['405 at login', ['fail-next-login', { reason: 405 }], 'server_not_accepted_late'],
    ['401 at login', ['fail-next-login', { reason: 401 }], 'login_unfinished'],
    ['402 at login', ['fail-next-login', { reason: 402, code: 101, expire: 3600 }], 'account_restricted'],
    ['403 at login', ['fail-next-login', { reason: 403 }], 'account_locked'],
    ['406 at login', ['fail-next-login', { reason: 406 }], 'account_banned'],
    ['409 at login', ['fail-next-login', { reason: 409 }], 'server_not_accepted_late'],
    ['413 at login', ['fail-next-login', { reason: 413 }], 'account_refused'],
    ['414 at login', ['fail-next-login', { reason: 414 }], 'account_refused'],
    ['415 at login', ['fail-next-login', { reason: 415 }], 'account_refused'],
    ['418 at login', ['fail-next-login', { reason: 418 }], 'account_refused'],
    ['a fault of the stream while it logs in', ['stream-error', { at: 'login', code: 500 }], 'login_unfinished'],
    ['the phone turns out too old at login', ['downgrade', { at: 'login' }], 'login_unfinished'],
  ]
  test.each(ends)('%s', async (_what, [name, params], reason) => {
    await gateway.simulator.fault(name, params)
    const sessionId = await startAndAgree(method)
    expect(await ended(sessionId)).toMatchObject({ phase: 'failed', method, reason: linkReason(reason) })
    await expectNothingKept(rows, sessionId)
    const ghosts = (await phone.devices()).filter(device => device.confirmed)
    if (ghosts.length > 0) expect(linkReason(reason)?.action).toMatch(/Linked devices|Open WhatsApp on the phone/)
    expect(await phone.messages(phone.jid)).toEqual([])
  })

  test('its answer cannot be verified', async () => {
    await gateway.simulator.fault('forge-account-signature', { phone: phone.phoneNumber })
    const sessionId = await startAndAgree(method)
    expect(await ended(sessionId)).toMatchObject({ phase: 'failed', reason: linkReason('pairing_rejected') })
    await expectNothingKept(rows, sessionId)
  })

  test('and WhatsApp never tells of it', async () => {
    using _ = shortWaits(
      new Map([
        [60_000, 500],
        [120_000, 3_000],
      ]),
    )
    await gateway.simulator.fault('withhold-pair-success', { phone: phone.phoneNumber })
    const sessionId = await startAndAgree(method)
    const [phase, reason] = method === 'qr' ? ['expired', 'qr_expired'] : ['failed', 'pairing_unfinished']
    expect(await ended(sessionId)).toMatchObject({ phase, reason: { code: reason } })
    await expectNothingKept(rows, sessionId)
    expect((await phone.devices()).filter(device => device.confirmed)).toEqual([])
  })

  test('and WhatsApp never lets the device in: the page says where to look', async () => {
    using _ = shortWaits(new Map([[60_000, 1_500]]))
    await gateway.simulator.fault('withhold-restart', { phone: phone.phoneNumber })
    const sessionId = await startAndAgree(method)
    const view = await ended(sessionId)
    expect(view).toMatchObject({ phase: 'failed', reason: { code: 'login_unfinished' } })
    expect(view.reason?.action).toContain('Linked devices')
    await expectNothingKept(rows, sessionId)
  })

  test.each([
    ['after its reply has left', ['drop', { at: 'confirmed' }]],
    ['at the login', ['drop', { at: 'login' }]],
    ['because the server has a fault', ['fail-next-login', { reason: 503 }]],
    ['because the server has a fault of another kind', ['fail-next-login', { reason: 500 }]],
    ['because the server tries something out', ['fail-next-login', { reason: 501 }]],
  ] as [string, Fault][])('and the line breaks %s: the next login finishes the link', async (_what, [name, params]) => {
    using _ = shortWaits(new Map([[2_000, 50]]))
    await gateway.simulator.fault(name, params)
    const sessionId = await startAndAgree(method)
    expect(await ended(sessionId)).toMatchObject({ phase: 'complete', reason: null })
    await phone.waitForQuiet()
    expect(await phone.messages(phone.jid)).toHaveLength(2)
  })

  test('and the line breaks before its reply has left: no device, or the page says where to look', async () => {
    using _ = shortWaits(
      new Map([
        [2_000, 50],
        [60_000, 8_000],
      ]),
    )
    await gateway.simulator.fault('drop', { at: 'paired', phone: phone.phoneNumber })
    const sessionId = await startAndAgree(method)
    const view = await ended(sessionId)
    expect(view).toMatchObject({ phase: 'failed' })
    await expectNothingKept(rows, sessionId)
    const devices = (await phone.devices()).filter(device => device.confirmed)
    if (devices.length > 0) expect(view.reason?.action).toContain('Linked devices')
  })
})
