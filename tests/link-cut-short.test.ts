import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { Hold, Phone } from '../src/simulator/index.js'
import { openBot } from './support/bot.js'
import { Rows } from './support/rows.js'
import { shortWaits } from './support/short-waits.js'
import { TestGateway } from './support/test-gateway.js'
import type { Visitor } from './support/visitor.js'

let gateway: TestGateway
let rows: Rows
let phone: Phone
let visitor: Visitor
let number = 254_733_000_000

beforeAll(async () => {
  gateway = await TestGateway.start({ env: { LINK_DEFAULT: 'managed' } })
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

const picture = (qrCode: string) => Buffer.from(qrCode.split(',')[1] ?? '', 'base64')

/** A link whose message 1 has reached WhatsApp and has no verdict. */
async function linkHeldAtFirstMessage(): Promise<{ sessionId: string; hold: Hold }> {
  const hold = await gateway.simulator.hold({ direction: 'in', tag: 'message', account: phone.phoneNumber })
  const { sessionId, qrCode } = await visitor.start()
  await phone.scanPicture(picture(qrCode))
  await hold.reached
  return { sessionId, hold }
}

async function linked(): Promise<string> {
  const { sessionId, qrCode } = await visitor.start()
  await phone.scanPicture(picture(qrCode))
  await rows.waitFor(`select from link_attempts where session_id = $1 and phase = 'complete'`, [sessionId])
  await phone.waitForQuiet()
  return sessionId
}

const secretsOf = (sessionId: string) =>
  rows.query(`select from outbox_messages where session_id = $1 and kind = 'secret' and proto is not null`, [sessionId])

const loginsOf = () =>
  gateway.simulator
    .ledger({ direction: 'out', tag: 'success', account: phone.phoneNumber })
    .then(entries => entries.length)

describe('a link that ends while its messages are on their way', () => {
  test('because the phone logs the device out: the visitor is told, nothing is kept for sending, a new start works', async () => {
    const { sessionId, hold } = await linkHeldAtFirstMessage()
    const [device] = await phone.devices()
    await phone.unlink(device?.deviceId ?? 0)
    await rows.waitFor(`select from link_attempts where session_id = $1 and phase = 'failed'`, [sessionId])
    await hold.drop()
    expect(await visitor.view(sessionId)).toMatchObject({ phase: 'failed', reason: { code: 'unlinked_early' } })
    expect(await secretsOf(sessionId)).toEqual([])
    expect(await rows.query(`select state from sessions where id = $1`, [sessionId])).toEqual([{ state: 'logged_out' }])
    expect((await visitor.start()).sessionId).not.toBe(sessionId)
  })

  test('because the account is linked again: the older link has failed, the newer finishes', async () => {
    const { sessionId: older, hold } = await linkHeldAtFirstMessage()
    visitor = gateway.visitor()
    const newer = await linked()
    await hold.release()
    expect(await rows.query(`select phase, reason from link_attempts where session_id = $1`, [older])).toEqual([
      { phase: 'failed', reason: 'linked_again_early' },
    ])
    expect(await secretsOf(older)).toEqual([])
    expect(await rows.query(`select state from sessions where id = $1`, [newer])).toEqual([{ state: 'connected' }])
  })

  test('because the visitor cancels: the device is taken off the account, message 2 never comes', async () => {
    const { sessionId, hold } = await linkHeldAtFirstMessage()
    expect((await visitor.request('DELETE', `/api/sessions/${sessionId}`)).status).toBe(204)
    await hold.release()
    await expect.poll(async () => (await phone.devices()).length).toBe(0)
    expect(await visitor.view(sessionId)).toMatchObject({ phase: 'cancelled', reason: { code: 'cancelled_late' } })
    await phone.waitForQuiet()
    expect((await phone.messages(phone.jid)).length).toBeLessThan(2)
    expect(await secretsOf(sessionId)).toEqual([])
    const [lease] = await rows.query(`select wanted from session_leases where session_id = $1`, [sessionId])
    expect(lease).toEqual({ wanted: false })
  })

  test('because the visitor cancels while it becomes a session: nothing is sent, no device is left', async () => {
    const { sessionId, qrCode } = await visitor.start()
    await using lock = new Rows(gateway.database.ownerUrl)
    await lock.query('begin')
    await lock.query('lock table people in exclusive mode')
    await phone.scanPicture(picture(qrCode))
    await rows.waitFor(
      `select from pg_locks where relation = 'people'::regclass and not granted
        and database = (select oid from pg_database where datname = current_database())`,
    )
    const cancelling = visitor.request('DELETE', `/api/sessions/${sessionId}`)
    // by the time of these answers it waits for the promotion as well; if not, it finds the promotion behind it
    for (let look = 1; look <= 5; look++) expect((await visitor.view(sessionId)).phase).toBe('scanned')
    await lock.query('rollback')
    expect((await cancelling).status).toBe(204)
    expect(await visitor.view(sessionId)).toMatchObject({ phase: 'cancelled', reason: { code: 'cancelled_late' } })
    await expect.poll(() => phone.devices()).toEqual([])
    await phone.waitForQuiet()
    expect(await phone.messages(phone.jid)).toEqual([])
    expect(await secretsOf(sessionId)).toEqual([])
  })

  test('because a bot has taken over already: it is complete, as far as WhatsApp has confirmed', async () => {
    const { sessionId, hold } = await linkHeldAtFirstMessage()
    const second = await gateway.simulator.hold({ direction: 'in', tag: 'message', account: phone.phoneNumber })
    await hold.release()
    await second.reached
    const { text } = await phone.waitForMessage({ nth: 1 })
    const bot = await openBot(gateway.simulator, text ?? '')
    await rows.waitFor(`select from link_attempts where session_id = $1 and phase = 'complete'`, [sessionId])
    await second.drop()
    expect(await visitor.view(sessionId)).toMatchObject({ phase: 'complete', reason: { code: 'delivery_unconfirmed' } })
    expect(await rows.query(`select state from sessions where id = $1`, [sessionId])).toEqual([{ state: 'handed_off' }])
    await bot.close()
  })

  test('because nobody confirms within the minute: it is complete, and claims no delivery', async () => {
    const waits = shortWaits(new Map([[20_000, 1_000]]))
    // also when it fails: tests of one process share their timers
    onTestFinished(() => waits[Symbol.dispose]())
    const { sessionId, hold } = await linkHeldAtFirstMessage()
    await rows.query(`update link_attempts set since = since - interval '60 seconds' where session_id = $1`, [
      sessionId,
    ])
    const [device] = await phone.devices()
    gateway.simulator.device(phone.phoneNumber, device?.deviceId ?? 0).drop()
    await rows.waitFor(`select from link_attempts where session_id = $1 and phase = 'complete'`, [sessionId])
    await hold.drop()
    waits[Symbol.dispose]()
    // until its connection is back the page speaks of that
    await expect
      .poll(() => visitor.view(sessionId))
      .toMatchObject({ phase: 'complete', reason: { code: 'delivery_unconfirmed' } })
  })
})

describe('a link whose line never comes back', () => {
  const age = (sessionId: string, seconds: number) =>
    rows.query(`update link_attempts set since = clock_timestamp() - make_interval(secs => $2) where session_id = $1`, [
      sessionId,
      seconds,
    ])

  test('with its messages on their way is complete as far as WhatsApp has confirmed', async () => {
    const { sessionId, hold } = await linkHeldAtFirstMessage()
    await gateway.simulator.fault('upgrade-reset')
    await hold.drop()
    await age(sessionId, 80)
    await rows.waitFor(`select from link_attempts where session_id = $1 and phase = 'complete'`, [sessionId])
    await gateway.simulator.fault('upgrade-reset', { off: true })
    expect(await visitor.view(sessionId)).toMatchObject({ phase: 'complete', reason: { code: 'delivery_unconfirmed' } })
    expect(await secretsOf(sessionId)).toEqual([])
  })

  test('before it had a session ID has failed, and the page says where to look', async () => {
    const sessionId = await linked()
    await gateway.simulator.fault('upgrade-reset')
    const [device] = await phone.devices()
    gateway.simulator.device(phone.phoneNumber, device?.deviceId ?? 0).drop()
    // as a crash right after the promotion leaves it
    await rows.query(`update link_attempts set phase = 'preparing', reason = null where session_id = $1`, [sessionId])
    await age(sessionId, 130)
    await rows.waitFor(`select from link_attempts where session_id = $1 and phase = 'failed'`, [sessionId])
    await gateway.simulator.fault('upgrade-reset', { off: true })
    const view = await visitor.view(sessionId)
    expect(view).toMatchObject({ state: 'disconnected', reason: { code: 'connection_lost' } })
    expect(view.reason?.action).toContain('Linked devices')
    expect(await rows.query(`select state, reason from sessions where id = $1`, [sessionId])).toEqual([
      { state: 'disconnected', reason: 'connection_lost' },
    ])
    expect(await rows.query(`select wanted from session_leases where session_id = $1`, [sessionId])).toEqual([
      { wanted: false },
    ])
  })
})

describe('a cancel that a phone overtakes', () => {
  test('takes the device off the account', async () => {
    const { sessionId, pairingCode } = await visitor.startByCode(phone.phoneNumber)
    await using lock = new Rows(gateway.database.ownerUrl)
    await lock.query('begin')
    await lock.query('select from link_attempts where session_id = $1 for update', [sessionId])
    await expect(phone.enterCode('ZZZZ-ZZZZ')).rejects.toMatchObject({ code: 'code_wrong' })
    await rows.waitFor(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)
    const cancelling = visitor.request('DELETE', `/api/sessions/${sessionId}`)
    // by the time of these answers the cancel waits for its turn
    for (let look = 1; look <= 5; look++) await visitor.view(sessionId)
    const stored = 'select version from session_credentials where session_id = $1'
    const [before] = await rows.query<{ version: string }>(stored, [sessionId])
    await phone.enterCode(pairingCode)
    // the gateway has heard of the acceptance
    await rows.waitFor(`${stored} and version > $2`, [sessionId, before?.version ?? '0'])
    await visitor.view(sessionId)
    await lock.query('rollback')
    expect((await cancelling).status).toBe(204)
    expect(await visitor.view(sessionId)).toMatchObject({ phase: 'cancelled', reason: { code: 'cancelled_late' } })
    expect(await phone.devices()).toEqual([])
  })
})

describe('a scan at the last moment', () => {
  test('is not overtaken by the expiry that waits behind it', async () => {
    const wait = 1_500
    const waits = shortWaits(new Map([[120_000, wait]]))
    const { sessionId, qrCode } = await visitor.start()
    waits[Symbol.dispose]()
    await rows.waitFor(`select from link_attempts where session_id = $1 and phase = 'scanning'`, [sessionId])
    // the scan cannot be noted until the two minutes are long over
    await using lock = new Rows(gateway.database.ownerUrl)
    await lock.query('begin')
    await lock.query('select from link_attempts where session_id = $1 for update', [sessionId])
    await phone.scanPicture(picture(qrCode))
    const due = Date.now() + wait
    await expect.poll(() => Date.now() > due).toBe(true)
    await lock.query('rollback')
    await rows.waitFor(`select from link_attempts where session_id = $1 and phase = 'complete'`, [sessionId])
  })
})

describe('a stored value that does not open', () => {
  test('parks the session with its reason; nothing logs in again and again, nothing is changed', async () => {
    const sessionId = await linked()
    await rows.query(
      `update signal_keys set value = set_byte(value, 40, get_byte(value, 40) # 1) where session_id = $1 and type = 'session'`,
      [sessionId],
    )
    const ratchets = `select id, value from signal_keys where session_id = $1 and type = 'session' order by id`
    const before = await rows.query<{ id: string }>(ratchets, [sessionId])
    const stranger = await gateway.simulator.phone(String(++number))
    await stranger.send(phone, 'hello')
    await phone.send(phone, 'note to self')
    await rows.waitFor(`select from sessions where id = $1 and state = 'disconnected' and reason = 'storage_damaged'`, [
      sessionId,
    ])
    const logins = await loginsOf()
    expect(await rows.query(`select wanted from session_leases where session_id = $1`, [sessionId])).toEqual([
      { wanted: false },
    ])
    const after = await rows.query<{ id: string }>(ratchets, [sessionId])
    expect(after.filter(({ id }) => before.some(old => old.id === id))).toEqual(before)
    expect(await loginsOf()).toBe(logins)
  })
})
