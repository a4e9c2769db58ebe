import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Phone } from '../src/simulator/index.js'
import type { GatewayProcess } from './support/gateway-process.js'
import { linkManaged } from './support/managed-account.js'
import { ProcessRig } from './support/process-rig.js'

let rig: ProcessRig
let first: GatewayProcess
let phone: Phone
let stranger: Phone
let sessionId: string

beforeAll(async () => {
  rig = await ProcessRig.open({ LINK_DEFAULT: 'managed' })
  stranger = await rig.phone()
})

afterAll(() => rig[Symbol.asyncDispose]())

beforeEach(async () => {
  first = await rig.start()
  ;({ phone, sessionId } = await linkManaged(first, rig.rows, await rig.phone()))
}, 180_000)

afterEach(async () => {
  await rig.kill()
  await rig.rows.query(`update session_leases set wanted = false`)
})

const epoch = async () =>
  (await rig.rows.query<{ epoch: string }>(`select epoch from session_leases where session_id = $1`, [sessionId]))[0]
    ?.epoch

/** Somebody writes, and it is stored under the new owner's epoch with nothing refused. */
async function expectItHears(): Promise<void> {
  const { id } = await stranger.send(phone, 'still there?')
  await rig.rows.waitFor(
    `select from inbound_journal where session_id = $1 and stanza ->> 'id' = $2`,
    [sessionId, id],
    60_000,
  )
  await phone.waitForQuiet()
  expect((await phone.devices())[0]?.waitingMessages).toEqual([])
}

const takenOver = (by: GatewayProcess) =>
  by.log.waitFor(line => line.event === 'session_taken_over' && line['sessionId'] === sessionId, 60_000, 'taken over')

const connected = () =>
  rig.rows.waitFor(`select from sessions where id = $1 and state = 'connected'`, [sessionId], 60_000)

test('a node that is told to stop gives its session up and ends, and another has it', async () => {
  const other = await rig.start()
  const before = await epoch()
  expect(await first.stop()).toBe(0)
  await takenOver(other)
  await phone.waitForDevice('online')
  await connected()
  expect(await epoch()).not.toBe(before)
  await expectItHears()
  expect(first.log.all().map(({ event }) => event)).toEqual(expect.arrayContaining(['draining', 'drained']))
  // it has nothing left, so nobody has to wait for its lease
  expect(await rig.rows.query(`select from nodes where lease_until > clock_timestamp()`)).toHaveLength(1)
}, 180_000)

test('a process that was killed is missed by nobody on this machine: the next one takes its own at once', async () => {
  await first.kill()
  // however long the machine takes to start the next one
  await rig.rows.query(`update nodes set lease_until = clock_timestamp() + interval '10 minutes'`)
  const next = await rig.start()
  await next.log.waitFor(line => line.event === 'dead_neighbour_found', 60_000, 'dead neighbour')
  await takenOver(next)
  await connected()
  await expectItHears()
}, 180_000)

test('where its death cannot be proven, its lease runs out first', async () => {
  const [owner] = await rig.rows.query<{ id: string }>(`select id from nodes where lease_until > clock_timestamp()`)
  const other = await rig.start()
  await rig.rows.query(`update nodes set host = null`)
  await first.kill()
  await rig.rows.query(`update nodes set lease_until = clock_timestamp() + interval '3 seconds' where id = $1`, [
    owner?.id,
  ])
  await takenOver(other)
  const [{ ended } = { ended: false }] = await rig.rows.query<{ ended: boolean }>(
    `select lease_until < clock_timestamp() as ended from nodes where id = $1`,
    [owner?.id],
  )
  expect(ended).toBe(true)
  await connected()
  await expectItHears()
}, 180_000)
