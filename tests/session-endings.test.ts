import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { SessionIdentity } from '../src/backend/sessions/session-identity.js'
import type { Phone } from '../src/simulator/index.js'
import { SessionRig } from './support/session-rig.js'

let rig: SessionRig
let identity: SessionIdentity
let phone: Phone

beforeAll(async () => {
  rig = await SessionRig.start()
})

beforeEach(async () => {
  ;({ identity, phone } = await rig.linked())
  rig.forget()
})

afterEach(async () => {
  await rig.simulator.fault('clear-faults')
  rig.passWaits()
  await rig.sessions.rest(identity.sessionId)
  await rig.rows.query('delete from connect_breakers')
})

afterAll(() => rig[Symbol.asyncDispose]())

type Params = Record<string, string | number | boolean>
type Fault = [name: string, params: Params]
type Step = [state: string, reason: string | null]

const where = () => ({ phone: phone.phoneNumber, device: 1 })
const failure = (reason: number, more: Params = {}): Fault => ['fail-next-login', { reason, ...more }]
const streamError = (params: Params): Fault => ['stream-error', params]

const connected: Step = ['connected', null]
const again = (reason: string): Step => ['reconnecting', reason]

/** In place of the login, once WhatsApp has let it in and before it is open, or later. */
type Moment = 'login' | 'syncing' | 'open'

const everywhere: Moment[] = ['login', 'syncing', 'open']

async function provoke([name, params]: Fault, moment: Moment): Promise<void> {
  if (moment !== 'open') {
    const at = name === 'fail-next-login' || name.startsWith('upgrade') ? {} : { at: moment }
    const who = name.startsWith('upgrade') ? {} : where()
    await rig.simulator.fault(name, { ...params, ...who, ...at })
    rig.sessions.resume(identity)
    return
  }
  rig.sessions.resume(identity)
  await rig.becomes(identity, connected)
  await rig.simulator.fault(name, { ...params, ...where() })
}

describe('what the session outlives', () => {
  const ends: [what: string, Fault, moments: Moment[], reason: string, least: number, below: number][] = [
    ['429 at login', failure(429), ['login'], 'throttled', 60_000, 120_000],
    ['500 at login', failure(500), ['login'], 'server_trouble', 0, 1_000],
    ['501 at login', failure(501), ['login'], 'server_trouble', 0, 1_000],
    ['503 at login', failure(503), ['login'], 'server_trouble', 0, 1_000],
    ['a number that nobody knows', failure(499), ['login'], 'connection_lost', 0, 1_000],
    ['418 once', failure(418), ['login'], 'login_refused', 0, 1_000],
    ['500 on the stream', streamError({ code: 500 }), everywhere, 'connection_lost', 0, 1_000],
    ['501 on the stream', streamError({ code: 501 }), everywhere, 'server_trouble', 0, 1_000],
    ['503 on the stream', streamError({ code: 503 }), everywhere, 'server_trouble', 0, 1_000],
    ['a stream error without a number', streamError({ child: 'weird' }), everywhere, 'connection_lost', 0, 1_000],
    ['429 on the stream', streamError({ code: 429 }), everywhere, 'throttled', 60_000, 120_000],
    ['440 once', streamError({ conflict: 'replaced' }), everywhere, 'replaced', 60_000, 120_000],
    ['the end of the stream', ['stream-end', {}], ['open'], 'connection_lost', 0, 2_000],
    ['a line that is cut', ['drop', {}], ['open'], 'connection_lost', 0, 2_000],
    ['a line that is cut before it stands', ['drop', {}], ['login'], 'network', 0, 2_000],
    ['a frame that nobody can decrypt', ['garbage-frame', {}], ['open'], 'connection_lost', 0, 2_000],
  ]
  const rows = ends.flatMap(([what, fault, moments, ...expected]) =>
    moments.map(moment => [what, moment, fault, ...expected] as const),
  )

  test.each(rows)('%s, %s', async (_what, moment, fault, reason, least, below) => {
    const before = await rig.identityKey(identity)
    await provoke(fault, moment)
    const steps = moment === 'open' ? [connected] : []
    await expect.poll(() => rig.history(identity), { timeout: 20_000 }).toEqual([...steps, again(reason), connected])
    expect(rig.connections).toHaveLength(2)
    expect(rig.waits).toHaveLength(1)
    expect(rig.waits[0]).toBeGreaterThanOrEqual(least)
    expect(rig.waits[0]).toBeLessThan(below)
    expect((await rig.shown(identity)).wanted).toBe(true)
    expect(await rig.identityKey(identity)).toBe(before)
  })

  test('515: logs in again at once', async () => {
    await provoke(streamError({ code: 515 }), 'open')
    await expect
      .poll(() => rig.history(identity), { timeout: 20_000 })
      .toEqual([connected, again('connection_lost'), connected])
    expect(rig.connections).toHaveLength(2)
    expect(rig.waits).toEqual([])
  })

  test.each([200, 302, 401, 403, 404, 405, 500, 503])(
    'HTTP %i in place of the websocket is the network',
    async status => {
      rig.holdWaits()
      await provoke(['upgrade-status', { status, ...(status === 302 && { location: 'http://127.0.0.1:9/' }) }], 'login')
      await rig.becomes(identity, again('network'))
      expect(rig.connections).toHaveLength(1)
      await rig.simulator.fault('upgrade-status', { status: 0 })
      rig.passWaits()
      await rig.becomes(identity, connected)
      expect(await rig.rows.query('select from connect_breakers')).toEqual([])
    },
  )

  test('402: rests until WhatsApp’s time is over, then tries once', async () => {
    rig.holdWaits()
    await provoke(failure(402, { code: 101, expire: 3_600 }), 'login')
    await rig.becomes(identity, ['disconnected', 'restricted'])
    const [row] = await rig.rows.query<{ until: Date }>('select until from sessions where id = $1', [
      identity.sessionId,
    ])
    expect(Number(row?.until)).toBeGreaterThan(Date.now() + 3_500_000)
    await expect.poll(() => rig.waits.length).toBe(1)
    expect(rig.waits[0]).toBeGreaterThan(3_300_000)
    expect(rig.waits[0]).toBeLessThan(3_600_000 + 60_000)
    expect((await rig.shown(identity)).wanted).toBe(true)
    rig.passWaits()
    await rig.becomes(identity, connected)
    expect(rig.connections).toHaveLength(2)
  })

  test('402: whoever takes the session over waits as well', async () => {
    await provoke(failure(402, { code: 101, expire: 3_600 }), 'login')
    rig.holdWaits()
    await expect.poll(() => rig.history(identity)).toContainEqual(['disconnected', 'restricted'])
    await rig.sessions.rest(identity.sessionId)
    await rig.rows.query(
      `update sessions set state = 'disconnected', reason = 'restricted', until = now() + interval '1 hour' where id = $1`,
      [identity.sessionId],
    )
    rig.forget()
    rig.sessions.resume(identity)
    await expect.poll(() => rig.waits.length).toBe(1)
    expect(rig.waits[0]).toBeGreaterThan(3_300_000)
    expect(rig.connections).toEqual([])
  })
})

describe('what the session rests over', () => {
  const rests: [what: string, Fault, moment: Moment, Step, operator: boolean][] = [
    ['401 at login', failure(401), 'login', ['logged_out', 'logged_out'], false],
    [
      '401 on the stream',
      streamError({ code: 401, conflict: 'device_removed' }),
      'open',
      ['logged_out', 'logged_out'],
      false,
    ],
    [
      'a removed device without a number',
      streamError({ conflict: 'device_removed' }),
      'open',
      ['logged_out', 'logged_out'],
      false,
    ],
    [
      'a removed device while it logs in',
      streamError({ conflict: 'device_removed' }),
      'login',
      ['logged_out', 'logged_out'],
      false,
    ],
    ['402 without a time', failure(402), 'login', ['disconnected', 'restricted'], false],
    ['403', failure(403), 'login', ['logged_out', 'locked'], false],
    ['406', failure(406), 'login', ['banned', 'banned'], false],
    ['409', failure(409), 'login', ['disconnected', 'engine_misconfigured'], true],
    ['411', ['downgrade', {}], 'open', ['disconnected', 'phone_outdated'], false],
    ['411 while it logs in', ['downgrade', {}], 'syncing', ['disconnected', 'phone_outdated'], false],
  ]

  test.each(rests)('%s', async (_what, fault, moment, end, operator) => {
    await provoke(fault, moment)
    await rig.becomes(identity, end)
    await expect.poll(() => rig.sessions.has(identity.sessionId)).toBe(false)
    expect((await rig.shown(identity)).wanted).toBe(false)
    expect(rig.connections).toHaveLength(1)
    expect(rig.waits).toEqual([])
    expect(rig.told('session_needs_operator')).toBe(operator ? 1 : 0)
    const notices = await rig.rows.query(`select from sessions where id = $1 and notices ? 'operator_needed'`, [
      identity.sessionId,
    ])
    expect(notices).toHaveLength(operator ? 1 : 0)
    const quarantined = end[0] === 'logged_out' || end[0] === 'banned'
    expect(await rig.stored(identity)).toEqual({ credentials: true, quarantined })
  })

  test('403 with WhatsApp’s own words', async () => {
    await provoke(failure(403, { logout_message_header: 'Locked.', logout_message_subtext: 'Ask\u0000 us.' }), 'login')
    await rig.becomes(identity, ['logged_out', 'locked'])
    expect(await rig.rows.query('select reason_text from sessions where id = $1', [identity.sessionId])).toEqual([
      { reason_text: 'Locked. Ask us.' },
    ])
  })

  test.each([413, 414, 415, 418])('%i again and again: three tries, then the operator', async reason => {
    await provoke(failure(reason, { always: true, code: 7, location: 'abc', expire: 254_700_000_000 }), 'login')
    await rig.becomes(identity, ['disconnected', 'login_refused'])
    await expect.poll(() => rig.sessions.has(identity.sessionId)).toBe(false)
    expect(rig.connections).toHaveLength(4)
    expect(rig.waits).toHaveLength(3)
    expect(rig.told('session_needs_operator')).toBe(1)
    const alarm = rig.logLines.find(line => line.includes('session_needs_operator')) ?? ''
    expect(JSON.parse(alarm)).toMatchObject({ status: reason, attributes: `code=7 expire location reason=${reason}` })
  })

  test('440 twice: no fight', async () => {
    await rig.simulator.fault('stream-error', { conflict: 'replaced', ...where(), at: 'login', always: true })
    rig.sessions.resume(identity)
    await rig.becomes(identity, ['disconnected', 'replaced'])
    await expect.poll(() => rig.sessions.has(identity.sessionId)).toBe(false)
    expect(rig.connections).toHaveLength(2)
    expect((await rig.shown(identity)).wanted).toBe(false)
  })

  test('440 twice, and a command to connect in between: what was counted counts on', async () => {
    await rig.simulator.fault('stream-error', { conflict: 'replaced', ...where(), at: 'login', always: true })
    rig.holdWaits()
    rig.sessions.resume(identity)
    await rig.becomes(identity, again('replaced'))
    // as `connectAnew` does
    await rig.rows.query(`update session_leases set epoch = epoch + 1 where session_id = $1`, [identity.sessionId])
    await rig.rows.query(`update sessions set state = 'connecting', reason = 'asked_to_connect' where id = $1`, [
      identity.sessionId,
    ])
    const { nodeId, epoch } = identity.fence
    identity = { ...identity, fence: { nodeId, epoch: epoch + 1n } }
    rig.sessions.resume(identity, 'owner_waits')
    await rig.becomes(identity, ['disconnected', 'replaced'])
    expect(rig.connections).toHaveLength(2)
  })

  test('440 of a session that a bot had: the bot has it again, at once', async () => {
    await rig.rows.query('update sessions set taken_back_at = now() where id = $1', [identity.sessionId])
    await provoke(streamError({ conflict: 'replaced' }), 'open')
    await rig.becomes(identity, ['handed_off', 'bot_still_running'])
    expect(rig.connections).toHaveLength(1)
    expect(rig.waits).toEqual([])
  })

  test('440 once the lease is another’s: silence', async () => {
    rig.sessions.resume(identity)
    await rig.becomes(identity, connected)
    await rig.takeAway(identity)
    const told = await rig.history(identity)
    await rig.simulator.fault('stream-error', { conflict: 'replaced', ...where() })
    await expect.poll(() => rig.sessions.has(identity.sessionId)).toBe(false)
    expect(await rig.history(identity)).toEqual(told)
    expect(rig.connections).toHaveLength(1)
  })
})

test('events of an earlier connection are not heard', async () => {
  await provoke(['drop', {}], 'open')
  await expect.poll(() => rig.connections.length).toBe(2)
  await rig.becomes(identity, connected)
  await expect.poll(() => rig.sessions.connectedCount()).toBe(1)
  rig.connections[0]?.({ type: 'closed', reason: { plane: 'login', kind: 'banned', status: 406, phase: 'open' } })
  await rig.simulator.fault('drop', where())
  await expect.poll(() => rig.connections.length).toBe(3)
  await rig.becomes(identity, connected)
  expect(await rig.history(identity)).not.toContainEqual(['banned', 'banned'])
})

test('a session that is taken up while its device leaves the account waits until the line is closed', async () => {
  rig.sessions.resume(identity)
  await rig.becomes(identity, connected)
  const hold = await rig.simulator.hold({
    direction: 'in',
    child: 'remove-companion-device',
    account: phone.phoneNumber,
  })
  const leaving = rig.sessions.logout(identity.sessionId)
  await hold.reached
  await rig.rows.query('update session_leases set epoch = epoch + 1 where session_id = $1', [identity.sessionId])
  rig.sessions.resume({ ...identity, fence: { ...identity.fence, epoch: identity.fence.epoch + 1n } })
  const witness = await rig.linked()
  rig.sessions.resume(witness.identity)
  await rig.becomes(witness.identity, connected)
  // its own one line, and the witness's
  expect(rig.connections).toHaveLength(2)
  await hold.release()
  expect(await leaving).toBe(true)
  await rig.sessions.rest(witness.identity.sessionId)
})
