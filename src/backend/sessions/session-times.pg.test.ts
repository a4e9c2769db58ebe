import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TenantRig } from '../../../tests/support/tenant-rig.js'
import type { SessionId } from '../../contract/ids.js'
import { createLog } from '../log.js'
import { createLongReconnects, showLongReconnects } from './long-reconnects.js'
import { phoneOfflineNotices } from './phone-offline.js'
import { forgetHistory, noteStillConnected } from './session-history.js'
import { noteSign } from './session-signs.js'
import { readSession } from './session-view.js'
import { shownState } from './sessions-store.js'
import { setSessionState } from './set-session-state.js'

let rig: TenantRig

beforeAll(async () => {
  rig = await TenantRig.open()
})

afterAll(() => rig[Symbol.asyncDispose]())

const parts = () => ({ database: rig.clone.database, tenants: rig.tenants, events: rig.events })
const view = (id: SessionId) => rig.read(tx => readSession(tx, id))
const notices = async (id: SessionId) => (await view(id))?.notices.map(({ notice }) => notice)
const told = async (id: SessionId) => {
  const heard = await rig.read(tx => rig.events.read(tx, [id], 0n, 100))
  return heard.flatMap(({ event: { event, data } }) => (event === 'session_notice' ? [data.notice] : []))
}
const become = (id: SessionId, state: 'connected' | 'reconnecting') =>
  rig.transact(tx =>
    setSessionState(rig.events, tx, id, { state, reason: state === 'connected' ? null : 'connection_lost' }),
  )

test('a session that has been reconnecting for an hour shows disconnected, once, until it is back', async () => {
  const long = await rig.session({
    state: 'reconnecting',
    reason: 'connection_lost',
    since: '61 minutes',
  })
  const short = await rig.session({
    state: 'reconnecting',
    reason: 'connection_lost',
    since: '59 minutes',
  })
  const deps = { ...parts(), afterMs: 3_600_000 }
  expect(await showLongReconnects(deps)).toBe(1)
  expect(await showLongReconnects(deps)).toBe(0)
  expect(await view(short)).toMatchObject({ state: 'reconnecting', status: 'connecting' })
  expect(await view(long)).toMatchObject({
    state: 'disconnected',
    status: 'disconnected',
    reason: { code: 'connection_lost_long' },
    notices: [{ notice: 'long_reconnecting' }],
  })
  // another try that fails begins nothing anew
  expect(await become(long, 'reconnecting')).toBe(false)
  expect(await become(long, 'connected')).toBe(true)
  expect(await notices(long)).toEqual([])
  await become(long, 'reconnecting')
  await rig.rows.query(`update sessions set since = since - interval '2 hours' where id = $1`, [long])
  expect(await showLongReconnects(deps)).toBe(1)
  expect(await told(long)).toEqual(['long_reconnecting', 'long_reconnecting'])
})

test('so does one that has not come to its connection in all that time', async () => {
  const [long, short] = [
    await rig.session({ state: 'connecting', reason: 'starting', since: '61 minutes' }),
    await rig.session({ state: 'connecting', reason: 'starting', since: '59 minutes' }),
  ]
  expect(await showLongReconnects({ ...parts(), afterMs: 3_600_000 })).toBe(1)
  expect(await view(long)).toMatchObject({ state: 'disconnected', reason: { code: 'connection_lost_long' } })
  expect(await view(short)).toMatchObject({ state: 'connecting', reason: { code: 'starting' } })
})

test('a session is away since it was connected last, whatever has become of it since, and not at all while it is or never was', async () => {
  const away = async (id: SessionId) => (await rig.read(tx => shownState(tx, id))).awayMs
  const id = await rig.session({ state: 'connected' })
  const past = `update sessions set connected_at = clock_timestamp() - interval '5 minutes' where id = $1`
  await rig.rows.query(past, [id])
  expect(await away(id)).toBe(0)
  await become(id, 'reconnecting')
  expect(await away(id)).toBeLessThan(300_000)
  await rig.rows.query(past, [id])
  await rig.transact(tx => setSessionState(rig.events, tx, id, { state: 'connecting', reason: 'starting' }))
  expect(await away(id)).toBeGreaterThanOrEqual(300_000)
  await become(id, 'connected')
  expect(await away(id)).toBe(0)
  const never = await rig.session({ state: 'connecting', reason: 'starting' })
  await rig.rows.query('update sessions set connected_at = null where id = $1', [never])
  expect(await away(never)).toBe(0)
})

test('every node looks, by itself and over and over', async () => {
  const id = await rig.session({ state: 'reconnecting' })
  const log = createLog({ level: 'silent' })
  const deps = { ...parts(), afterMs: 60_000, everyMs: 10, log }
  await using one = createLongReconnects(deps)
  await using other = createLongReconnects(deps)
  one.start()
  other.start()
  await rig.rows.query(`update sessions set since = since - interval '2 minutes' where id = $1`, [id])
  await expect.poll(async () => (await view(id))?.state).toBe('disconnected')
  expect(await told(id)).toEqual(['long_reconnecting'])
})

test('an owner is warned of a phone that stays away after ten and after twelve days, and again only after it was back', async () => {
  const ids = {
    nine: await rig.session({ phoneSeen: '9 days' }),
    ten: await rig.session({ phoneSeen: '10 days 1 hour' }),
    twelve: await rig.session({ phoneSeen: '12 days 1 hour' }),
    never: await rig.session(),
    resting: await rig.session({ phoneSeen: '13 days', state: 'disconnected' }),
    back: await rig.session({ phoneSeen: '13 days', state: 'disconnected' }),
  }
  await rig.transact(tx =>
    setSessionState(rig.events, tx, ids.back, { state: 'disconnected', reason: 'connection_lost' }),
  )
  await become(ids.back, 'connected')
  expect(await rig.transact(tx => phoneOfflineNotices(rig.events, tx, 1))).toBe(1)
  expect(await rig.transact(tx => phoneOfflineNotices(rig.events, tx, 10))).toBe(1)
  expect(await rig.transact(tx => phoneOfflineNotices(rig.events, tx, 10))).toBe(0)
  const heard = Object.fromEntries(
    await Promise.all(Object.entries(ids).map(async ([name, id]) => [name, await told(id)] as const)),
  )
  expect(heard).toEqual({
    nine: [],
    ten: ['phone_offline'],
    twelve: ['phone_offline_soon_logged_out'],
    never: [],
    resting: [],
    back: [],
  })
  await rig.rows.query(`update sessions set phone_seen_at = phone_seen_at - interval '2 days' where id = $1`, [ids.ten])
  expect(await rig.transact(tx => phoneOfflineNotices(rig.events, tx, 10))).toBe(1)
  expect(await notices(ids.ten)).toEqual(['phone_offline', 'phone_offline_soon_logged_out'])
  await rig.transact(tx => noteSign(rig.events, tx, ids.ten, { type: 'phone_seen', at: new Date() }))
  expect(await notices(ids.ten)).toEqual([])
})

test('a phone that is seen all the time is written down once an hour', async () => {
  const id = await rig.session()
  const seen = (minutes: number) => new Date(Date.UTC(2026, 0, 1) + minutes * 60_000)
  for (const minutes of [0, 1, 30, 58, 60, 61, 30, 120])
    await rig.transact(tx => noteSign(rig.events, tx, id, { type: 'phone_seen', at: seen(minutes) }))
  expect((await view(id))?.phoneSeenAt).toBe(seen(120).toISOString())
  await rig.transact(tx => noteSign(rig.events, tx, id, { type: 'phone_seen', at: seen(150) }))
  expect((await view(id))?.phoneSeenAt).toBe(seen(120).toISOString())
})

test('what is ill is shown, part by part; deafness is told to the owner', async () => {
  const id = await rig.session()
  await rig.transact(tx => noteSign(rig.events, tx, id, { type: 'health', health: { preKeys: 'low' } }))
  await rig.transact(tx => noteSign(rig.events, tx, id, { type: 'health', health: { inbound: 'deaf' } }))
  expect((await view(id))?.health).toEqual({ appState: 'unknown', history: 'unknown', preKeys: 'low', inbound: 'deaf' })
  await rig.transact(tx => noteSign(rig.events, tx, id, { type: 'health', health: { inbound: 'ok' } }))
  expect(await told(id)).toEqual(['operator_needed'])
})

test('history goes after ninety days, a few rows at a time; who stays connected is noted daily while their node lives', async () => {
  const nodeId = randomUUID()
  await rig.rows.query(`insert into nodes (id, lease_until) values ($1, clock_timestamp() + interval '1 minute')`, [
    nodeId,
  ])
  const kept = await rig.session({ connected: '25 hours', nodeId })
  const lost = await rig.session({ connected: '25 hours' })
  for (const state of ['reconnecting', 'connected', 'reconnecting'] as const)
    await become(lost, state === 'connected' ? 'connected' : 'reconnecting')
  await rig.rows.query(
    `update sessions set state = 'connected', connected_at = clock_timestamp() - interval '25 hours' where id = $1`,
    [lost],
  )
  expect(await rig.transact(tx => noteStillConnected(tx, 10))).toBe(1)
  const age = async (id: SessionId) => Date.now() - Date.parse((await view(id))?.lastConnectedAt ?? '')
  expect(await age(kept)).toBeLessThan(60_000)
  expect(await age(lost)).toBeGreaterThan(60_000)
  await rig.rows.query(`update session_history set at = at - interval '91 days' where session_id = $1`, [lost])
  expect(await rig.transact(tx => forgetHistory(tx, 2))).toBe(2)
  expect(await rig.transact(tx => forgetHistory(tx, 2))).toBe(1)
  expect(await rig.transact(tx => forgetHistory(tx, 2))).toBe(0)
})
