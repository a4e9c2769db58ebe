import { afterAll, beforeAll, expect, test } from 'vitest'
import { CleanupRig } from '../../../tests/support/cleanup-rig.js'
import type { SessionId, WorkspaceId } from '../../contract/ids.js'
import { loadKeyStore } from '../engine/postgres-keystore.js'
import { lockLease, reopenLease } from '../leases/session-leases.js'
import { quarantineEnded } from './expiry.js'
import { quarantinedUntil, restoreFromQuarantine } from './quarantine.js'
import { createSessionStates } from './session-states.js'
import { setSessionState } from './set-session-state.js'

let rig: CleanupRig
let workspaceId: WorkspaceId

beforeAll(async () => {
  rig = await CleanupRig.open()
  workspaceId = await rig.workspace()
})

afterAll(() => rig[Symbol.asyncDispose]())

const toldOf = async (sessionId: SessionId) => {
  const events = await rig.tenants.read({ workspaceId }, tx => rig.events.read(tx, [sessionId], 0n, 100))
  return events.map(({ event }) => (event.event === 'session_notice' ? event.data.notice : event.event))
}

test.each([
  ['disconnected', { connected: '26 days' }, 'disconnected', []],
  ['disconnected', { connected: '28 days' }, 'disconnected', ['session_notice']],
  ['disconnected', { connected: '29 days', told: '1 day' }, 'disconnected', []],
  ['disconnected', { connected: '31 days', told: '2 days' }, 'disconnected', []],
  ['disconnected', { connected: '31 days', told: '4 days' }, 'expired unused quarantined', ['session_state']],
  ['reconnecting', { connected: '31 days', told: '4 days' }, 'expired unused quarantined', ['session_state']],
  ['connecting', { connected: '31 days', told: '4 days' }, 'expired unused quarantined', ['session_state']],
  // nothing ran for a year: its owner is told first all the same
  ['disconnected', { connected: '365 days' }, 'disconnected', ['session_notice']],
  // never connected, but young
  ['disconnected', { created: '5 days', since: '5 days' }, 'disconnected', []],
  ['connected', { connected: '365 days', told: '300 days' }, 'connected', []],
  ['superseded', { since: '29 days' }, 'superseded', []],
  ['superseded', { since: '31 days' }, 'expired unused quarantined', ['session_state']],
  ['logged_out', {}, 'logged_out quarantined', []],
  ['banned', {}, 'banned quarantined', []],
  ['handed_off', { since: '29 days' }, 'handed_off', []],
  ['handed_off', { since: '31 days' }, 'expired copy_erased shredded', ['session_state']],
] as const)('%s, %o: %s', async (state, ages, after, told) => {
  const sessionId = await rig.session(workspaceId, state, ages)
  await rig.cleanUp(workspaceId)
  await rig.cleanUp(workspaceId)
  expect(await rig.state(sessionId)).toBe(after)
  expect(await toldOf(sessionId)).toEqual(told.map(event => (event === 'session_notice' ? 'expires_soon' : event)))
})

test('what has expired runs nowhere, comes back when it is restored, and not after its end', async () => {
  const sessionId = await rig.session(workspaceId, 'disconnected', { connected: '31 days', told: '4 days' })
  const sealer = await rig.tenants.transact({ workspaceId }, tx =>
    rig.vault.createSealer(tx, { workspaceId, sessionId }),
  )
  await rig.cleanUp(workspaceId)
  const [lease] = await rig.rows.query<{ node_id: string; epoch: string; wanted: boolean }>(
    'select node_id, epoch, wanted from session_leases where session_id = $1',
    [sessionId],
  )
  expect(lease).toMatchObject({ epoch: '2', wanted: false })
  const identity = { workspaceId, sessionId, fence: { nodeId: lease?.node_id ?? '', epoch: 2n } }
  const loaded = () => loadKeyStore({ tenants: rig.tenants, sealer }, identity)
  await expect(loaded()).rejects.toMatchObject({ code: 'fenced', message: expect.stringContaining('put away') })
  const until = await rig.tenants.read({ workspaceId }, tx => quarantinedUntil(tx, sessionId))
  const days = ((until?.getTime() ?? 0) - Date.now()) / 86_400_000
  expect(days).toBeGreaterThan(29)
  expect(days).toBeLessThan(31)

  const restore = () =>
    rig.tenants.transact({ workspaceId }, async tx => {
      await lockLease(tx, sessionId)
      const restored = await restoreFromQuarantine(tx, sessionId)
      if (restored !== 'restored') return restored
      await setSessionState(rig.events, tx, sessionId, { state: 'connecting', reason: 'starting' })
      await reopenLease(tx, sessionId, identity.fence.nodeId)
      return restored
    })
  expect(await restore()).toBe('restored')
  expect(await restore()).toBe('not_quarantined')
  // it has none here, which is another matter
  await expect(
    loadKeyStore({ tenants: rig.tenants, sealer }, { ...identity, fence: { ...identity.fence, epoch: 3n } }),
  ).rejects.toMatchObject({ code: 'storage_error' })

  await rig.rows.query(
    `update sessions set quarantined_at = now() - interval '30 days', shred_at = now() - interval '1 second' where id = $1`,
    [sessionId],
  )
  expect(await restore()).toBe('shredded')
  await rig.cleanUp(workspaceId)
  expect(await restore()).toBe('shredded')
})

test('hundreds expire in one run, and those of other workspaces stay', async () => {
  const [busy, other] = [await rig.workspace(), await rig.workspace()]
  const foreign = await rig.session(other, 'superseded')
  await Promise.all(Array.from({ length: 45 }, () => rig.session(busy, 'superseded')))
  await rig.cleanUp(busy)
  const states = await rig.rows.query('select distinct state from sessions where workspace_id = $1', [busy])
  expect(states).toEqual([{ state: 'expired' }])
  expect(await rig.state(foreign)).toBe('superseded')
})

test('a session that is connected just when its credentials are to be put away is left to run', async () => {
  const busy = await rig.workspace()
  const sessionId = await rig.session(busy, 'logged_out')
  let cleaned: Promise<unknown> = Promise.resolve()
  await rig.tenants.transact({ workspaceId: busy }, async tx => {
    await reopenLease(tx, sessionId, '00000000-0000-4000-8000-000000000001')
    cleaned = rig.tenants.transact({ workspaceId: busy }, late => quarantineEnded(late, 20))
    await rig.rows.waitFor(
      `select from pg_stat_activity where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0`,
    )
    await setSessionState(rig.events, tx, sessionId, { state: 'connecting', reason: 'asked_to_connect' })
  })
  await cleaned
  expect(await rig.state(sessionId)).toBe('connecting asked_to_connect')
  expect(await rig.rows.query('select from session_leases where session_id = $1 and wanted', [sessionId])).toHaveLength(
    1,
  )
})

test.each([
  ['logged_out', 'logged_out', 'logged_out logged_out quarantined'],
  ['banned', 'banned', 'banned banned quarantined'],
  ['disconnected', 'engine_misconfigured', 'disconnected engine_misconfigured'],
] as const)('a session that comes to rest as %s: %s', async (state, reason, after) => {
  const sessionId = await rig.session(workspaceId, 'connected')
  const sealer = await rig.tenants.transact({ workspaceId }, tx =>
    rig.vault.createSealer(tx, { workspaceId, sessionId }),
  )
  const [lease] = await rig.rows.query<{ node_id: string }>(
    'select node_id from session_leases where session_id = $1',
    [sessionId],
  )
  const identity = { workspaceId, sessionId, sealer, fence: { nodeId: lease?.node_id ?? '', epoch: 1n } }
  const states = createSessionStates({
    tenants: rig.tenants,
    events: rig.events,
    onResting: async () => {},
    isLinking: async () => false,
  })
  await states.resting(identity, state, reason)
  // the answer to the commit was lost
  await states.resting(identity, state, reason)
  expect(await rig.state(sessionId)).toBe(after)
})
