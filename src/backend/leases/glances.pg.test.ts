import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { TenantRig } from '../../../tests/support/tenant-rig.js'
import { createLog } from '../log.js'
import { createGlances, glanceAt } from './glances.js'
import { nobodysId } from './session-leases.js'

let rig: TenantRig
let here: string

beforeAll(async () => {
  rig = await TenantRig.open()
})

afterAll(() => rig[Symbol.asyncDispose]())

beforeEach(async () => {
  await rig.rows.query(`truncate nodes, session_leases`)
  here = await node(8)
})

/** @param left seconds that its lease still lasts */
async function node(left: number): Promise<string> {
  const id = randomUUID()
  await rig.rows.query(
    `insert into nodes (id, lease_until, host, process) values ($1, clock_timestamp() + make_interval(secs => $2), 'host', '1 2')`,
    [id, left],
  )
  return id
}

async function lease(nodeId: string): Promise<string> {
  const id = randomUUID()
  await rig.rows.query(
    `insert into session_leases (session_id, workspace_id, node_id, released_at) values ($1, $2, $3, clock_timestamp())`,
    [id, rig.workspaceId, nodeId],
  )
  return id
}

const glance = () => glanceAt(rig.clone.database, here)

test('where every owner has its lease, nothing is lost', async () => {
  await lease(here)
  await lease(await node(8))
  // not for others yet
  await lease(await node(-0.5))
  expect(await glance()).toMatchObject({ isAnyLost: false, isAnyOwnerless: false })
})

test.each([
  ['a lease that has ended', () => node(-1.1)],
  ['no row any more', () => Promise.resolve(randomUUID())],
  ['been nobody', () => Promise.resolve(nobodysId)],
])('what is to run is lost where its owner has %s, unless it is to rest', async (_, owner) => {
  await lease(here)
  const lost = await lease(await owner())
  expect(await glance()).toMatchObject({ isAnyLost: true })
  await rig.rows.query(`update session_leases set wanted = false where session_id = $1`, [lost])
  expect(await glance()).toMatchObject({ isAnyLost: false, isAnyOwnerless: false })
})

test('what has had no owner for long is told, be it one of this node', async () => {
  await lease(await node(-14))
  expect(await glance()).toMatchObject({ isAnyLost: true, isAnyOwnerless: false })
  await rig.rows.query(`truncate session_leases`)
  await lease(here)
  await rig.rows.query(`update nodes set lease_until = clock_timestamp() - interval '16 seconds' where id = $1`, [here])
  expect(await glance()).toMatchObject({ isAnyLost: false, isAnyOwnerless: true })
})

test('the other nodes are told whose leases last, and for how long nobody may claim from them', async () => {
  const begin = performance.now()
  const other = await node(8)
  await node(-2)
  const { others } = await glance()
  expect(others).toEqual([{ id: other, host: 'host', process: '1 2', left_ms: expect.any(Number) }])
  expect(others[0]?.left_ms).toBeGreaterThan(9_000 - (performance.now() - begin) - 1)
  expect(others[0]?.left_ms).toBeLessThanOrEqual(9_000)
})

test('whatever changes in what this node is to run changes the text, and nothing else does', async () => {
  let last = ''
  const changes = async () => {
    const before = last
    last = (await glance()).own
    return last !== before
  }
  expect(await changes()).toBe(true)
  const [one, two] = [await lease(here), await lease(here)]
  const elsewhere = await lease(await node(8))
  expect(await changes()).toBe(true)
  expect(await changes()).toBe(false)
  for (const change of ['epoch = epoch + 1', 'bell = bell + 1', 'wanted = false']) {
    await rig.rows.query(`update session_leases set ${change} where session_id = $1`, [elsewhere])
    expect([change, await changes()]).toEqual([change, false])
    await rig.rows.query(`update session_leases set ${change} where session_id = $1`, [one])
    expect([change, await changes()]).toEqual([change, true])
  }
  await rig.rows.query(`update session_leases set node_id = $2 where session_id = $1`, [two, nobodysId])
  expect(await changes()).toBe(true)
  const three = await lease(here)
  expect(await changes()).toBe(true)
  // as many as before, and another one
  await rig.rows.query(`update session_leases set session_id = gen_random_uuid() where session_id = $1`, [three])
  expect(await changes()).toBe(true)
})

test('everybody who looks is told again and again, until they do not look any more', async () => {
  await using glances = createGlances({
    database: rig.clone.database,
    nodeId: here,
    log: createLog({ level: 'silent' }),
    everyMs: 5,
  })
  const [stays, goes] = [0, 0].map(() => ({ times: 0 }))
  if (stays === undefined || goes === undefined) throw new Error('two look')
  glances.subscribe(() => void stays.times++)
  const end = glances.subscribe(() => void goes.times++)
  glances.start()
  await expect.poll(() => goes.times).toBeGreaterThan(2)
  end()
  const last = goes.times
  const before = stays.times
  await expect.poll(() => stays.times).toBeGreaterThan(before + 2)
  expect(goes.times).toBe(last)
})

test('a glance that fails is told as one, and the next one is as good as ever', async () => {
  await using glances = createGlances({
    database: rig.clone.database,
    nodeId: here,
    log: createLog({ level: 'silent' }),
    everyMs: 5,
  })
  const told: string[] = []
  glances.subscribe(
    () => void told.push('seen'),
    () => void told.push('missed'),
  )
  glances.start()
  await expect.poll(() => told).toContain('seen')
  await rig.rows.query(`alter table nodes rename to nodes_away`)
  await expect.poll(() => told).toContain('missed')
  await rig.rows.query(`alter table nodes_away rename to nodes`)
  await expect.poll(() => told.at(-1)).toBe('seen')
})
