import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { CloseCause, ClosePhase, CloseReason } from '../../src/backend/engine/engine.js'
import type { Phone } from '../../src/simulator/index.js'
import { EngineRig, type EngineAccount } from '../support/engine-rig.js'
import { shortWaits } from '../support/short-waits.js'

let rig: EngineRig
let phone: Phone
let linked: EngineAccount

type Params = Record<string, string | number | boolean>

beforeAll(async () => {
  rig = await EngineRig.start()
  phone = await rig.phone()
  linked = await rig.linked(phone)
  await linked.close()
})

let waits: Disposable | null = null

afterEach(async () => {
  waits?.[Symbol.dispose]()
  waits = null
  await rig.simulator.fault('clear-faults')
  await linked.close()
})

afterAll(() => rig[Symbol.asyncDispose]())

const device = () => ({ phone: phone.phoneNumber, device: 1 })

async function ends(account: EngineAccount, act: () => unknown): Promise<CloseReason> {
  const before = account.count('closed')
  await act()
  return (await account.next('closed', before)).reason
}

const login = (kind: CloseReason['kind'], status: number, phase: ClosePhase): CloseReason => ({
  plane: 'login',
  kind,
  status,
  phase,
})

/** What is not understood is told as it came: names, and values that are short numbers. */
const attributesOf = (kind: CloseReason['kind'], attributes: string) => kind === 'login_refused' && { attributes }

/** `<failure reason>`, what it means for a linked device, and for one that no account knows. */
const failures: [number, CloseReason['kind'], CloseReason['kind']][] = [
  [401, 'logged_out', 'registration_refused'],
  [403, 'locked', 'registration_refused'],
  [405, 'engine_outdated', 'engine_outdated'],
  [406, 'banned', 'registration_refused'],
  [409, 'engine_misconfigured', 'engine_misconfigured'],
  [413, 'login_refused', 'login_refused'],
  [414, 'login_refused', 'login_refused'],
  [415, 'login_refused', 'login_refused'],
  [418, 'login_refused', 'login_refused'],
  [429, 'rate_limited', 'rate_limited'],
  [500, 'server_error', 'server_error'],
  [501, 'server_experimental', 'server_experimental'],
  [503, 'server_error', 'server_error'],
]

describe.each(failures)('<failure reason="%i">', (reason, loggingIn, registering) => {
  test('at login', async () => {
    await rig.simulator.fault('fail-next-login', { ...device(), reason, logout_message_header: 'x'.repeat(5_000) })
    expect(await ends(linked, () => linked.connect())).toEqual({
      ...login(loggingIn, reason, 'syncing'),
      ...(loggingIn === 'locked' && { text: 'x'.repeat(300) }),
      ...attributesOf(loggingIn, `location logout_message_header reason=${reason}`),
    })
  })

  test('on a connection that registers', async () => {
    await rig.simulator.fault('fail-registration', { reason })
    const account = await rig.account()
    expect(await ends(account, () => account.connect())).toEqual({
      ...login(registering, reason, 'linking'),
      ...attributesOf(registering, `location reason=${reason}`),
    })
  })
})

test.each<[Params, number | null]>([
  [{ code: 101, expire: 3_600 }, 3_600_000],
  [{ code: 101, expire: 1e12 }, 366 * 86_400_000],
  [{ code: 101, expire: 'soon' }, null],
  [{}, null],
])('a restricted account: %j', async (params, ms) => {
  await rig.simulator.fault('fail-next-login', { ...device(), reason: 402, ...params })
  const before = Date.now()
  const { until, ...reason } = await ends(linked, () => linked.connect())
  expect(reason).toEqual(login('restricted', 402, 'syncing'))
  if (ms === null) return expect(until).toBeUndefined()
  expect(Number(until)).toBeGreaterThanOrEqual(before + ms)
  expect(Number(until)).toBeLessThanOrEqual(Date.now() + ms)
})

const stream = (kind: CloseReason['kind'], status: number, tag?: string): CloseCause => ({
  plane: 'stream',
  kind,
  status,
  ...(tag !== undefined && { tag }),
})
const lost: CloseCause = { plane: 'local', kind: 'connection_lost', status: 428 }
const unreached: CloseCause = { plane: 'local', kind: 'unreachable', status: 428 }

type Row = [fault: string, params: Params, open: CloseCause, other?: { [Phase in Moment]?: CloseCause }]
type Moment = 'login' | 'registration' | 'shown'

/** What ends a connection, what it means on an open one, and where it means something else before. */
const endings: Row[] = [
  ['stream-error', { code: 401, conflict: 'device_removed' }, stream('logged_out', 401, 'conflict')],
  ['stream-error', { conflict: 'device_removed' }, stream('logged_out', 440, 'conflict')],
  ['stream-error', { conflict: 'replaced' }, stream('replaced', 440, 'conflict')],
  ['stream-error', { code: 440 }, stream('replaced', 440)],
  ['stream-error', { code: 429 }, stream('rate_limited', 429)],
  ['stream-error', { code: 500 }, stream('unknown', 500)],
  ['stream-error', { child: 'weird' }, stream('unknown', 500, 'weird')],
  ['stream-error', {}, stream('unknown', 500)],
  ['stream-error', { code: 503 }, stream('server_error', 503)],
  ['stream-error', { code: 515 }, stream('restart_required', 515)],
  ['stream-error', { child: 'ack', id: 'ABC' }, { ...stream('stanza_rejected', 500, 'ack'), stanzaId: 'ABC' }],
  ['stream-error', { child: 'xml-not-well-formed' }, stream('stanza_rejected', 500, 'xml-not-well-formed')],
  ['downgrade', {}, stream('phone_outdated', 411)],
  ['stream-end', {}, lost, { login: unreached, registration: unreached }],
  ['drop', {}, lost, { login: unreached, registration: unreached }],
  [
    'stream-error',
    { code: 401 },
    stream('logged_out', 401),
    { registration: stream('registration_refused', 401), shown: stream('registration_refused', 401) },
  ],
]

describe.each(endings)('%s %j', (name, params, open, other) => {
  const at = (moment: Moment) => other?.[moment] ?? open

  test('ends an open connection', async () => {
    await linked.open()
    expect(await ends(linked, () => rig.simulator.fault(name, { ...params, ...device() }))).toMatchObject(open)
  })

  test('ends a login', async () => {
    await rig.simulator.fault(name, { ...params, ...device(), at: 'login' })
    expect(await ends(linked, () => linked.connect())).toEqual({ ...at('login'), phase: 'syncing' })
  })

  test('ends a registration before anything is shown', async () => {
    await rig.simulator.fault(name, { ...params, at: 'registration' })
    const account = await rig.account()
    expect(await ends(account, () => account.connect())).toEqual({ ...at('registration'), phase: 'linking' })
  })

  test('ends it while a QR is shown', async () => {
    const account = await rig.account()
    account.connect()
    await account.next('qr')
    expect(await ends(account, () => rig.simulator.fault(name, { ...params, at: 'registering' }))).toEqual({
      ...at('shown'),
      phase: 'linking',
    })
  })
})

test('an open connection that was not told that nothing more waits is still syncing', async () => {
  await rig.simulator.fault('withhold-offline-end', device())
  await linked.open()
  const reason = await ends(linked, () => rig.simulator.fault('stream-error', { code: 503, ...device() }))
  expect(reason).toMatchObject({ kind: 'server_error', phase: 'syncing' })
})

test('QRs that nobody scans come to an end', async () => {
  waits = shortWaits(
    new Map([
      [60_000, 10],
      [20_000, 10],
    ]),
  )
  const account = await rig.account()
  account.connect()
  // every wait of 20 s is short here, a test's as well
  await vi.waitFor(() => expect(account.count('closed')).toBe(1), 10_000)
  const [closed] = account.of('closed')
  expect(closed?.reason).toEqual({ plane: 'local', kind: 'qr_expired', status: 408, phase: 'linking' })
  expect(account.of('qr').map(({ expiresInMs }) => expiresInMs)).toEqual([60_000, ...Array<number>(5).fill(20_000)])
})

test('a phone whose pair-success does not prove the QR is refused', async () => {
  const scanner = await rig.phone()
  const account = await rig.account()
  account.connect()
  const { qr } = await account.next('qr')
  const forged = qr.split(',').with(3, Buffer.alloc(32, 1).toString('base64')).join(',')
  const reason = await ends(account, () => scanner.scan(forged))
  expect(reason).toMatchObject({ plane: 'local', kind: 'pairing_rejected' })
})
