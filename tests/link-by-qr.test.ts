import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { decodeSessionId } from '../src/session/index.js'
import { Rows } from './support/rows.js'
import { shortWaits } from './support/short-waits.js'
import { TestGateway } from './support/test-gateway.js'

let gateway: TestGateway
let rows: Rows
let number = 254_700_100_000

beforeAll(async () => {
  gateway = await TestGateway.start({ env: { SUPPORT_URL: 'https://support.example' } })
  rows = new Rows(gateway.database.ownerUrl)
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
})

afterEach(() => gateway.simulator.fault('clear-faults'))

const picture = (qrCode = '') => Buffer.from(qrCode.split(',')[1] ?? '', 'base64')

const ended = (sessionId: string) =>
  rows.waitFor<{ phase: string; reason: string | null }>(
    `select phase, reason from link_attempts where session_id = $1 and phase in ('complete', 'failed', 'expired', 'cancelled')`,
    [sessionId],
  )

test('a phone scans the picture and gets the session ID, then the words, and nothing else', async () => {
  const visitor = gateway.visitor()
  const phone = await gateway.simulator.phone('254700000001', { name: 'Amina' })

  const { sessionId, qrCode } = await visitor.start()
  const events = visitor.listen()
  await phone.scanPicture(picture(qrCode))
  await events.waitForEvent('complete')

  await phone.waitForQuiet()
  const messages = await phone.messages(phone.jid)
  expect(messages).toHaveLength(2)
  const [first, second] = messages
  expect(decodeSessionId(first?.text ?? '').account).toMatchObject({ number: '254700000001' })
  expect(second?.text).toContain('*Connected Number:* 254700000001')
  expect(await visitor.view(sessionId)).toMatchObject({ phase: 'complete', state: 'handed_off', step: 3, percent: 100 })
})

test('what a start answers, every look at the attempt shows from then on', async () => {
  const visitor = gateway.visitor()
  const earlier = await visitor.start()
  await visitor.request('DELETE', `/api/sessions/${earlier.sessionId}`)
  await using lock = new Rows(gateway.database.ownerUrl)
  await lock.query('begin')
  await lock.query('lock table event_log in share mode')
  let answered = false
  const starting = visitor.start().finally(() => (answered = true))
  await rows.waitFor(
    `select from pg_locks where relation = 'event_log'::regclass and not granted
        and database = (select oid from pg_database where datname = current_database())`,
  )
  for (let look = 1; look <= 5; look++) expect((await visitor.view()).phase).toBe('starting')
  expect(answered).toBe(false)
  await lock.query('rollback')
  const { sessionId, qrCode } = await starting
  expect(await visitor.view()).toMatchObject({ sessionId, phase: 'scanning', qrCode })
})

describe('a QR', () => {
  test.each(['companion_reg_refresh', 'pair-device-rotate-qr'])(
    'whose secret WhatsApp has retired (%s) is drawn again; the new one links',
    async spelling => {
      const [visitor, phone] = [gateway.visitor(), await gateway.simulator.phone(String(++number))]
      await gateway.simulator.fault('rotate-registration', { phone: phone.phoneNumber, spelling })
      const { sessionId, qrCode } = await visitor.start()
      await rows.waitFor(`select from link_attempts where session_id = $1 and phase = 'scanning'`, [sessionId])
      await expect(phone.scanPicture(picture(qrCode))).rejects.toMatchObject({ code: 'qr_rotated' })
      await expect.poll(async () => (await visitor.view(sessionId)).qrCode).not.toBe(qrCode)
      await phone.scanPicture(picture((await visitor.view(sessionId)).qrCode))
      expect(await ended(sessionId)).toMatchObject({ phase: 'complete' })
    },
  )

  test('scanned by two phones links one of them', async () => {
    const phones = await Promise.all([1, 2].map(() => gateway.simulator.phone(String(++number))))
    const { sessionId, qrCode } = await gateway.visitor().start()
    const scans = await Promise.allSettled(phones.map(phone => phone.scanPicture(picture(qrCode))))
    expect(scans.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(await ended(sessionId)).toMatchObject({ phase: 'complete' })
    const devices = await Promise.all(phones.map(phone => phone.devices()))
    expect(devices.flat()).toHaveLength(1)
  })

  test('refused by a phone whose places are taken expires, and the page names that cause', async () => {
    using _ = shortWaits(new Map([[120_000, 2_500]]))
    const [visitor, phone] = [gateway.visitor(), await gateway.simulator.phone(String(++number))]
    await gateway.simulator.fault('device-limit', { max: 0, phone: phone.phoneNumber })
    const { sessionId, qrCode } = await visitor.start()
    await expect(phone.scanPicture(picture(qrCode))).rejects.toMatchObject({ code: 'too_many_devices' })
    expect(await ended(sessionId)).toEqual({ phase: 'expired', reason: 'qr_expired' })
    expect((await visitor.view(sessionId)).reason?.action).toContain('four linked devices')
  })
})
