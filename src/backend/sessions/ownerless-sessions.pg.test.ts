import { afterAll, beforeAll, expect, test } from 'vitest'
import { randomUUID } from 'node:crypto'
import { TenantRig } from '../../../tests/support/tenant-rig.js'
import type { SessionId } from '../../contract/ids.js'
import { createGlances, type Glance, type Glances } from '../leases/glances.js'
import { nobodysId } from '../leases/session-leases.js'
import { createLog } from '../log.js'
import { createOwnerlessSessions, showOwnerless } from './ownerless-sessions.js'
import { readSession } from './session-view.js'

let rig: TenantRig

beforeAll(async () => {
  rig = await TenantRig.open()
})

afterAll(() => rig[Symbol.asyncDispose]())

const deps = () => ({
  database: rig.clone.database,
  tenants: rig.tenants,
  events: rig.events,
  log: createLog({ level: 'silent' }),
})
const view = (id: SessionId) => rig.read(tx => readSession(tx, id))
const told = async (id: SessionId) =>
  (await rig.read(tx => rig.events.read(tx, [id], 0n, 100))).map(({ event }) => event.event)

/** @param left seconds that its lease still lasts */
async function node(left: number): Promise<string> {
  const id = randomUUID()
  await rig.rows.query(
    `insert into nodes (id, lease_until) values ($1, clock_timestamp() + make_interval(secs => $2))`,
    [id, left],
  )
  return id
}

async function givenUp(secondsAgo: number): Promise<SessionId> {
  const id = await rig.session({ nodeId: nobodysId })
  await rig.rows.query(
    `update session_leases set released_at = clock_timestamp() - make_interval(secs => $2) where session_id = $1`,
    [id, secondsAgo],
  )
  return id
}

test('what two looks in a row have found without a node is shown as reconnecting, and nothing else', async () => {
  const left = [
    await givenUp(16),
    await rig.session({ nodeId: await node(-16) }),
    // its node's row is gone
    await rig.session({ nodeId: randomUUID() }),
  ]
  const others = [
    await givenUp(5),
    await rig.session({ nodeId: await node(-5) }),
    await rig.session({ nodeId: await node(5) }),
    await rig.session({ nodeId: null }),
  ]
  const resting = await rig.session({ nodeId: await node(-16), state: 'disconnected', reason: 'restricted' })
  const suspects = await showOwnerless(deps(), new Set())
  expect(new Set(suspects)).toEqual(new Set([...left, resting]))
  for (const id of left) expect(await view(id)).toMatchObject({ state: 'connected' })

  expect(new Set(await showOwnerless(deps(), suspects))).toEqual(new Set([...left, resting]))
  for (const id of left) {
    expect(await view(id)).toMatchObject({ state: 'reconnecting', reason: { code: 'no_server' } })
    expect(await told(id)).toEqual(['session_state', 'connection_lost'])
  }
  for (const id of others) expect(await view(id)).toMatchObject({ state: 'connected' })
  expect(await view(resting)).toMatchObject({ state: 'disconnected', reason: { code: 'restricted' } })
  await showOwnerless(deps(), suspects)
  for (const id of left) expect(await told(id)).toHaveLength(2)
})

test('a node that has renewed its lease between the looks keeps its sessions as they are, and so does one that has claimed them', async () => {
  const nodeId = await node(-60)
  const [kept, claimed] = [await rig.session({ nodeId }), await givenUp(60)]
  const suspects = await showOwnerless(deps(), new Set())
  expect([...suspects]).toEqual(expect.arrayContaining([kept, claimed]))
  await rig.rows.query(`update nodes set lease_until = clock_timestamp() + interval '8 seconds' where id = $1`, [
    nodeId,
  ])
  await rig.rows.query(`update session_leases set node_id = $2, released_at = null where session_id = $1`, [
    claimed,
    nodeId,
  ])
  await showOwnerless(deps(), suspects)
  for (const id of [kept, claimed]) expect(await view(id)).toMatchObject({ state: 'connected' })
})

test('every node looks, by itself and over and over, and one says so', async () => {
  const nodeId = await node(60)
  const id = await rig.session({ nodeId })
  await using one = createGlances({ ...deps(), nodeId: randomUUID(), everyMs: 10 })
  await using other = createGlances({ ...deps(), nodeId: randomUUID(), everyMs: 10 })
  await using mine = createOwnerlessSessions({ ...deps(), glances: one })
  await using yours = createOwnerlessSessions({ ...deps(), glances: other })
  for (const part of [mine, yours, one, other]) part.start()
  await rig.rows.query(`update nodes set lease_until = clock_timestamp() - interval '1 minute' where id = $1`, [nodeId])
  await expect.poll(async () => (await view(id))?.state).toBe('reconnecting')
  expect(await told(id)).toEqual(['session_state', 'connection_lost'])
})

test('what was found before a glance that failed counts for nothing: the first look after it is a first look', async () => {
  const id = await rig.session({ nodeId: await node(-16) })
  let looks = 0
  const system: typeof database.system = async work => {
    const answer = await database.system(work)
    looks++
    return answer
  }
  const { database } = rig.clone
  let see: ((glance: Glance) => void) | null = null
  let missed: (() => void) | undefined
  const subscribe: Glances['subscribe'] = (one, other) => {
    see = one
    missed = other
    return () => {}
  }
  await using ownerless = createOwnerlessSessions({
    ...deps(),
    database: { ...database, system },
    glances: { subscribe },
  })
  ownerless.start()
  const look = async (nth: number) => {
    see?.({ others: [], isAnyLost: true, isAnyOwnerless: true, own: '' })
    await expect.poll(() => looks).toBe(nth)
  }
  await look(1)
  missed?.()
  await look(2)
  missed?.()
  // begins only when the one before has ended
  await look(3)
  expect(await view(id)).toMatchObject({ state: 'connected' })
  await look(4)
  await expect.poll(async () => (await view(id))?.state).toBe('reconnecting')
})
