import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { Rows } from '../../../tests/support/rows.js'
import { TenantRig } from '../../../tests/support/tenant-rig.js'
import { SessionId } from '../../contract/ids.js'
import { lookForOrphans } from './claims.js'
import { nobodysId, openLease, reopenLease } from './session-leases.js'

let rig: TenantRig

beforeAll(async () => {
  rig = await TenantRig.open()
})

afterAll(() => rig[Symbol.asyncDispose]())

beforeEach(async () => {
  await rig.rows.query(`truncate nodes, session_leases, outbox_messages, sessions, people cascade`)
})

/** @param leaseFrom now until its lease ends, as an interval; negative for one that has ended */
async function node(leaseFromNow: string, more: { draining?: boolean; host?: string; process?: string } = {}) {
  const id = randomUUID()
  await rig.rows.query(
    `insert into nodes (id, lease_until, draining, host, process) values ($1, clock_timestamp() + $2::interval, $3, $4, $5)`,
    [id, leaseFromNow, more.draining ?? false, more.host ?? null, more.process ?? null],
  )
  return id
}

async function leases(nodeId: string, count: number): Promise<string[]> {
  const made = await rig.rows.query<{ session_id: string }>(
    `insert into session_leases (session_id, workspace_id, node_id, released_at)
     select gen_random_uuid(), $1, $2::uuid, case when $2::uuid = $4::uuid then clock_timestamp() end
     from generate_series(1, $3) returning session_id`,
    [rig.workspaceId, nodeId, count, nobodysId],
  )
  return made.map(row => row.session_id)
}

const look = (nodeId: string, host: string | null = null, most = 1_000) =>
  lookForOrphans(rig.clone.database, { nodeId, host, most })
const claim = async (nodeId: string, most = 1_000) => (await look(nodeId, null, most)).claimed

const living = '8 seconds'
const justLost = '-1.1 seconds'

test('a node that is alone takes everything, under a higher epoch, and nothing a second time', async () => {
  const [lost, here] = [await node(justLost), await node(living)]
  const sessions = await leases(lost, 7)
  const claimed = await claim(here)
  expect(claimed.map(({ sessionId }) => sessionId).toSorted()).toEqual(sessions.toSorted())
  for (const { fence } of claimed) expect(fence).toEqual({ nodeId: here, epoch: 2n })
  expect(await claim(here)).toEqual([])
})

test('nothing is taken from a node whose lease lasts, or has ended this moment, nor from oneself', async () => {
  const here = await node('-1 hour')
  await leases(await node(living), 1)
  await leases(await node('-0.2 seconds'), 1)
  await leases(here, 1)
  expect(await claim(here)).toEqual([])
})

test('what was put to rest is not taken', async () => {
  const [lost, here] = [await node(justLost), await node(living)]
  await leases(lost, 2)
  await rig.rows.query(`update session_leases set wanted = false`)
  expect(await claim(here)).toEqual([])
})

test('each takes what makes all equally loaded, and one that is going takes no part', async () => {
  const lost = await node(justLost)
  const [full, half, idle] = [await node(living), await node(living), await node(living)]
  const going = await node(living, { draining: true })
  await leases(full, 60)
  await leases(half, 30)
  await leases(going, 500)
  await leases(lost, 90)
  expect(await claim(full)).toEqual([])
  expect(await claim(idle)).toHaveLength(60)
  expect(await claim(half)).toHaveLength(30)
})

test('two that claim at once share what there is', async () => {
  const [lost, one, two] = [await node(justLost), await node(living), await node(living)]
  await leases(lost, 100)
  const [first, second] = await Promise.all([claim(one), claim(two)])
  const ids = [...first, ...second].map(({ sessionId }) => sessionId)
  expect(new Set(ids).size).toBe(ids.length)
  expect(Math.max(first.length, second.length)).toBeLessThanOrEqual(50)
  const rest = [...(await claim(one)), ...(await claim(two))]
  expect(ids.length + rest.length).toBe(100)
})

test('what others should have taken and have not is taken by whoever looks', async () => {
  const [lost, full] = [await node('-10 seconds'), await node(living)]
  await node(living)
  await leases(full, 50)
  await leases(lost, 10)
  expect(await claim(full)).toHaveLength(10)
})

test('what was given up is taken at once, a fair share; left lying, all of it', async () => {
  const [here, other] = [await node(living), await node(living)]
  await leases(other, 10)
  await leases(nobodysId, 4)
  expect(await claim(other)).toEqual([])
  expect(await claim(here, 3)).toHaveLength(3)
  await rig.rows.query(
    `update session_leases set released_at = clock_timestamp() - interval '1 minute' where node_id = $1`,
    [nobodysId],
  )
  expect(await claim(other)).toHaveLength(1)
})

test('one that was left lying long ago does not have all others taken with it', async () => {
  const [full, other] = [await node(living), await node(living)]
  await leases(full, 10)
  await leases(nobodysId, 8)
  const [stray = ''] = await leases(nobodysId, 1)
  await rig.rows.query(`update session_leases set released_at = null where session_id = $1`, [stray])
  expect(await claim(full)).toHaveLength(1)
  expect(await claim(other)).toHaveLength(8)
})

test('what is opened for nobody is given up this moment: each takes its share', async () => {
  const [full, other] = [await node(living), await node(living)]
  await leases(full, 10)
  const ids = Array.from({ length: 4 }, () => SessionId.parse(randomUUID()))
  await rig.transact(async tx => {
    for (const id of ids) await openLease(tx, id, nobodysId)
  })
  expect(await claim(full)).toEqual([])
  expect(await claim(other)).toHaveLength(4)
  await rig.rows.query(`update session_leases set wanted = false where node_id = $1`, [other])
  await rig.transact(async tx => {
    for (const id of ids) await reopenLease(tx, id, nobodysId)
  })
  expect(await claim(full)).toEqual([])
  expect(await claim(other)).toHaveLength(4)
})

test('first what waits to be sent or is being linked, then what was connected last, then the rest', async () => {
  const [lost, here] = [await node(justLost), await node(living)]
  const [old = '', recent = '', pending = '', linking = '', newest = ''] = await leases(lost, 5)
  const person = randomUUID()
  await rig.rows.query(`insert into people (workspace_id, id, phone_number) values ($1, $2, '254700000001')`, [
    rig.workspaceId,
    person,
  ])
  for (const [id, ago] of [
    [old, '3 days'],
    [recent, '2 minutes'],
    [pending, '9 days'],
    [newest, '1 minute'],
  ]) {
    await rig.rows.query(
      `insert into sessions (workspace_id, id, person_id, mode, state, phone_number, connected_at)
       values ($1, $2, $3, 'managed', 'connected', '254700000001', clock_timestamp() - $4::interval)`,
      [rig.workspaceId, id, person, ago],
    )
  }
  await rig.rows.query(
    `insert into outbox_messages (workspace_id, id, session_id, kind, recipient, wa_message_id)
     values ($1, gen_random_uuid(), $2, 'notice', 'x', 'y')`,
    [rig.workspaceId, pending],
  )
  const order: string[][] = []
  for (const most of [2, 1, 1, 1])
    order.push((await claim(here, most)).map(({ sessionId, priority }) => `${sessionId} ${priority}`).toSorted())
  expect(order).toEqual([
    [`${pending} pending`, `${linking} pending`].toSorted(),
    [`${newest} recent`],
    [`${recent} recent`],
    [`${old} rest`],
  ])
})

test('a renewal under way keeps its sessions, and one that comes during the claim waits for it', async () => {
  const [lost, here] = [await node(justLost), await node(living)]
  await leases(lost, 1)
  await using renewing = new Rows(rig.clone.ownerUrl)
  await renewing.query('begin')
  await renewing.query(`update nodes set lease_until = clock_timestamp() + interval '8 seconds' where id = $1`, [lost])
  expect(await claim(here)).toEqual([])
  await renewing.query('commit')
  expect(await claim(here)).toEqual([])
})

test('the lease of a process of this machine that has died ends at once; one that lives, or runs elsewhere, keeps it', async () => {
  const here = await node(living, { host: 'this' })
  const dead = await node(living, { host: 'this', process: `${process.pid} of-another-birth` })
  await node(living, { host: 'this', process: 'unreadable' })
  await node(living, { host: 'that', process: `${process.pid} of-another-birth` })
  await node(living)
  await leases(dead, 2)
  expect(await claim(here)).toEqual([])
  const found = await look(here, 'this')
  expect(found.dead).toEqual([dead])
  expect(found.claimed.length).toBeGreaterThan(0)
  expect((await look(here, 'this')).dead).toEqual([])
})
