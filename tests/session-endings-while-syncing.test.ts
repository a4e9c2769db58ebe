import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { CloseKind } from '../src/backend/engine/engine.js'
import { closeReactions, reactionTo } from '../src/backend/sessions/close-reactions.js'
import type { Again, Plane, Reaction } from '../src/backend/sessions/reaction.js'
import type { SessionIdentity } from '../src/backend/sessions/session-identity.js'
import type { Phone } from '../src/simulator/index.js'
import { SessionRig } from './support/session-rig.js'

let rig: SessionRig
let friend: Phone
let identity: SessionIdentity
let phone: Phone
/** The id of a message that waits. */
let waited = ''
let heard: string[] = []

beforeAll(async () => {
  rig = await SessionRig.start()
  rig.hooks({
    onMessage: async (_, { content }) => void (content.kind === 'text' && heard.push(content.text)),
  })
  friend = await rig.rig.phone()
})

beforeEach(async () => {
  ;({ identity, phone } = await rig.linked())
  waited = (await friend.send(phone, 'waited')).id
  heard = []
  rig.forget()
})

afterEach(async () => {
  await rig.simulator.fault('clear-faults')
  await rig.sessions.rest(identity.sessionId)
  await rig.rows.query('delete from connect_breakers')
})

afterAll(() => rig[Symbol.asyncDispose]())

type Params = Record<string, string | number | boolean>
type Ending = [plane: Plane, kind: CloseKind, code: number | null, fault: string, params?: Params]

const failure = (kind: CloseKind, reason: number, more: Params = {}): Ending => {
  return ['login', kind, reason, 'fail-next-login', { reason, ...more }]
}
const streamError = (kind: CloseKind, code: number, params: Params = { code }): Ending => {
  return ['stream', kind, code, 'stream-error', params]
}

/** What WhatsApp can say to a device that it has let in, before it has told all that waited. */
const endings: Ending[] = [
  failure('logged_out', 401),
  failure('restricted', 402, { code: 101, expire: 3_600 }),
  failure('locked', 403),
  failure('engine_outdated', 405),
  failure('banned', 406),
  failure('engine_misconfigured', 409),
  failure('login_refused', 413),
  failure('login_refused', 414),
  failure('login_refused', 415),
  failure('login_refused', 418),
  failure('rate_limited', 429),
  failure('server_error', 500),
  failure('server_experimental', 501),
  failure('server_error', 503),
  failure('unknown', 499),
  streamError('logged_out', 401, { code: 401, conflict: 'device_removed' }),
  streamError('logged_out', 440, { conflict: 'device_removed' }),
  ['stream', 'phone_outdated', 411, 'downgrade'],
  streamError('rate_limited', 429),
  streamError('replaced', 440, { conflict: 'replaced' }),
  streamError('unknown', 500),
  streamError('unknown', 500, { child: 'weird' }),
  streamError('stanza_rejected', 500, { child: 'ack', id: 'ABC' }),
  streamError('stanza_rejected', 500, { child: 'xml-not-well-formed' }),
  streamError('server_experimental', 501),
  streamError('server_error', 503),
  streamError('restart_required', 515),
  ['local', 'connection_lost', 428, 'stream-end'],
  ['local', 'connection_lost', 428, 'drop'],
  ['local', 'undecodable_frame', null, 'garbage-frame'],
]

/** Where the rows are shown that nothing on the wire brings about at this moment. */
const elsewhere: [plane: Plane, kind: CloseKind, where: string][] = [
  ['http', 'rate_limited', 'before a login: tests/session-breaker'],
  ['http', 'server_error', 'before a login: tests/session-endings'],
  ['http', 'unreachable', 'before a login: tests/session-endings'],
  ['local', 'unreachable', 'before a login: below'],
  ['local', 'deaf', 'tests/engine/watching'],
  ['local', 'zombie', 'tests/silent-lines.long'],
  ['storage', 'storage_error', 'below'],
  ['storage', 'storage_damaged', 'tests/engine/storage-trouble'],
  ['storage', 'fenced', 'below'],
  ['local', 'closed_by_us', 'says nothing'],
]

const isShown = (row: Reaction) =>
  [...endings, ...elsewhere].some(([plane, kind]) => row.kind === kind && row.planes.includes(plane))

test('every row of the table that this phase has is shown', () => {
  const rows: readonly Reaction[] = closeReactions
  expect(rows.filter(row => row.phases.includes('syncing') && !isShown(row))).toEqual([])
})

const device = () => ({ phone: phone.phoneNumber, device: 1 })

/** What is written before it connects again. */
function wayBack({ trying }: Reaction): [string, string | null][] {
  if (trying === null) throw new Error('this row does not connect again')
  const { state, reason } = trying
  const begins: [string, string][] = state === 'disconnected' ? [['connecting', 'starting']] : []
  return [[state, reason], ...begins, ['connected', null]]
}

/** Milliseconds of the one wait that the row asks for, the first time. */
function firstWait(again: Again): [least: number, most: number] | null {
  switch (again.when) {
    case 'now':
    case 'never':
      return null
    case 'soon':
      return [0, 2_000]
    case 'backoff':
      return [0, 1_000]
    case 'after':
      return [again.ms, 2 * again.ms]
    case 'until':
      return [3_500_000, 3_660_000]
  }
}

/** Without what was written while it was still logging in: whether it was shown as connected yet is a matter of moments. */
async function history(): Promise<[string, string | null][]> {
  const all = await rig.history(identity)
  return all[0]?.[0] === 'connected' ? all.slice(1) : all
}

/** Connected, and not told that nothing more waits. */
async function openUntold(): Promise<void> {
  await rig.simulator.fault('withhold-offline-end', device())
  rig.sessions.resume(identity)
  await rig.becomes(identity, ['connected', null])
}

test.each(endings)('told by %s: %s %s', async (plane, kind, status, fault, params = {}) => {
  const row = reactionTo({ plane, kind, phase: 'syncing' })
  const before = await rig.identityKey(identity)
  // what only the line tells is another thing before it stands
  if (plane === 'local') await openUntold()
  await rig.simulator.fault(fault, { ...params, ...device(), ...(plane !== 'local' && { at: 'queue' }) })
  rig.sessions.resume(identity)
  await expect.poll(() => rig.ends[0]).toMatchObject({ plane, kind, phase: 'syncing', status })
  if (row.again.when === 'never') {
    const { state, reason } = row.rest ?? { state: '', reason: '' }
    await expect.poll(history).toEqual([[state, reason]])
    await expect.poll(() => rig.sessions.has(identity.sessionId)).toBe(false)
    expect((await rig.shown(identity)).wanted).toBe(false)
    expect(rig.connections).toHaveLength(1)
    expect(rig.waits).toEqual([])
  } else {
    await expect.poll(history).toEqual(wayBack(row))
    expect(rig.connections).toHaveLength(2)
    const wait = firstWait(row.again)
    expect(rig.waits).toHaveLength(wait === null ? 0 : 1)
    expect(rig.waits.every(ms => wait !== null && ms >= wait[0] && ms < wait[1])).toBe(true)
    expect(await rig.identityKey(identity)).toBe(before)
    // what waited is neither lost nor told twice by the way
    await phone.waitForQuiet()
    await expect.poll(() => heard).toContain('waited')
    expect((await phone.devices())[0]?.waitingMessages).toEqual([])
  }
  expect(await rig.stored(identity)).toEqual({ credentials: true, quarantined: row.credentials === 'quarantine' })
  const told = row.operator === 'at_once' || (row.operator === 'at_rest' && row.again.when === 'never')
  expect(rig.told('session_needs_operator')).toBe(told && row.breaker === null ? 1 : 0)
})

test('a line that is lost before the login is through: nobody knows the account’s side of it', async () => {
  await rig.simulator.fault('drop', { ...device(), at: 'login' })
  rig.sessions.resume(identity)
  await expect.poll(() => rig.ends[0]).toMatchObject({ plane: 'local', kind: 'unreachable', phase: 'syncing' })
  await expect
    .poll(() => rig.history(identity))
    .toEqual(wayBack(reactionTo({ plane: 'local', kind: 'unreachable', phase: 'syncing' })))
})

/** Its offline queue comes and is not read before this is done. */
async function meanwhile(act: () => Promise<unknown>): Promise<void> {
  const hold = await rig.simulator.hold({
    direction: 'in',
    tag: 'ib',
    child: 'offline_batch',
    account: phone.phoneNumber,
    device: 1,
  })
  await rig.simulator.fault('withhold-offline-end', device())
  rig.sessions.resume(identity)
  await hold.reached
  await act()
  await hold.release()
}

test('a database that fails: nothing is acknowledged, and what waited is heard on the next connection', async () => {
  const name = `refuse_${phone.phoneNumber}`
  await meanwhile(() =>
    rig.rows.query(`
      create function ${name}() returns trigger language plpgsql as 'begin raise exception using errcode = ''53100''; end';
      create trigger ${name} before insert on inbound_journal execute function ${name}()`),
  )
  try {
    await expect.poll(() => rig.ends[0]).toMatchObject({ plane: 'storage', kind: 'storage_error', phase: 'syncing' })
    expect((await phone.devices())[0]?.waitingMessages).toContain(waited)
    await rig.becomes(identity, ['reconnecting', 'storage_error'])
  } finally {
    await rig.rows.query(`drop function ${name} cascade`)
  }
  await rig.becomes(identity, ['connected', null])
  await expect.poll(() => heard).toContain('waited')
  expect(await rig.stored(identity)).toEqual({ credentials: true, quarantined: false })
})

test('a lease that has gone to another node: silence', async () => {
  await meanwhile(() => rig.takeAway(identity))
  await expect.poll(() => rig.ends[0]).toMatchObject({ plane: 'storage', kind: 'fenced', phase: 'syncing' })
  await expect.poll(() => rig.sessions.has(identity.sessionId)).toBe(false)
  expect(rig.connections).toHaveLength(1)
  expect((await phone.devices())[0]?.waitingMessages).toContain(waited)
  expect((await rig.history(identity)).filter(([state]) => state !== 'connected')).toEqual([])
})
