import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Phone } from '../src/simulator/index.js'
import type { GatewayProcess } from './support/gateway-process.js'
import { linkManaged } from './support/managed-account.js'
import { ProcessRig } from './support/process-rig.js'
import { TcpProxy } from './support/tcp-proxy.js'

let rig: ProcessRig
let line: TcpProxy
let gateway: GatewayProcess
let phone: Phone
let stranger: Phone
let sessionId: string
let since = 0

// one gateway and one connection for all: neither may end
beforeAll(async () => {
  rig = await ProcessRig.open({ LINK_DEFAULT: 'managed' })
  line = await TcpProxy.open(rig.database.ownerUrl)
  gateway = await rig.start({ DATABASE_URL: line.through(rig.database.ownerUrl) })
  stranger = await rig.phone()
  ;({ phone, sessionId } = await linkManaged(gateway, rig.rows, await rig.phone()))
}, 180_000)

afterAll(async () => {
  await gateway.stop()
  await line[Symbol.asyncDispose]()
  await rig[Symbol.asyncDispose]()
})

beforeEach(async () => {
  since = (await rig.simulator.ledger()).at(-1)?.seq ?? 0
})

const logged = (event: string) => gateway.log.all().filter(entry => entry.event === event).length

/** Seconds since the last renewal. */
async function leaseAge(): Promise<number> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text()
  return Number(/^whizlite_lease_age_seconds (\S+)$/m.exec(text)?.[1])
}

/** Until the gateway has said this once more than before. */
async function says(event: string, before: number): Promise<void> {
  await expect.poll(() => logged(event), { timeout: 40_000 }).toBeGreaterThan(before)
}

async function write(count: number): Promise<string[]> {
  const ids: string[] = []
  for (let sent = 0; sent < count; sent++) ids.push((await stranger.send(phone, `${count} of ${sent}`)).id)
  return ids
}

const heard = async (ids: string[]) => {
  const found = await rig.rows.query<{ id: string }>(
    `select stanza ->> 'id' as id from inbound_journal where session_id = $1 and stanza ->> 'id' = any ($2)`,
    [sessionId, ids],
  )
  return found.map(({ id }) => id).toSorted()
}

/** All of it stored, nothing refused, and the connection is the one from the beginning. */
async function expectUnharmed(ids: string[]): Promise<void> {
  await expect.poll(() => heard(ids), { timeout: 40_000 }).toEqual(ids.toSorted())
  await phone.waitForQuiet()
  const said = await rig.simulator.ledger({ direction: 'in', account: phone.phoneNumber, device: 1 })
  const refusals = said.filter(
    ({ seq, attrs }) => seq > since && (attrs['error'] !== undefined || attrs['type'] === 'retry'),
  )
  expect(refusals).toEqual([])
  expect((await phone.devices())[0]?.waitingMessages).toEqual([])
  expect(logged('session_closed')).toBe(0)
  const states = await rig.rows.query<{ state: string }>(`select state from session_history where session_id = $1`, [
    sessionId,
  ])
  expect(states.map(({ state }) => state)).toEqual(['connected'])
}

test('a database that does not answer for a few seconds: everything waits, and nobody notices', async () => {
  const before = [logged('lease_in_doubt'), logged('lease_is_sure')] as const
  line.stall()
  const ids = await write(5)
  await says('lease_in_doubt', before[0])
  await line.restore()
  await says('lease_is_sure', before[1])
  await expectUnharmed(ids)
}, 120_000)

test('one that is gone for longer than the lease lasts: the API says so, and then everything goes on as it was', async () => {
  const before = [logged('lease_in_doubt'), logged('lease_is_sure')] as const
  line.cut()
  await says('lease_in_doubt', before[0])
  const ids = await write(5)
  await expect.poll(leaseAge, { timeout: 30_000 }).toBeGreaterThan(9)
  const asked = await gateway.visitor().request('POST', '/api/sessions/start', {})
  expect(asked).toMatchObject({ status: 503, body: { code: 'database_unavailable' } })
  expect(Number(asked.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await gateway.visitor().request('GET', '/health/live')).status).toBe(200)
  expect(await heard(ids)).toEqual([])
  await line.restore()
  await says('lease_is_sure', before[1])
  await expectUnharmed(ids)
  await expect.poll(async () => (await gateway.visitor().request('GET', '/health')).body['status']).toBe('healthy')
}, 120_000)

test('one that takes nothing: nothing is acknowledged until it does', async () => {
  const before = [logged('lease_in_doubt'), logged('lease_is_sure')] as const
  const name = new URL(rig.database.ownerUrl).pathname.slice(1)
  await rig.rows.query(`alter database "${name}" set default_transaction_read_only = on`)
  line.reset()
  await says('lease_in_doubt', before[0])
  const ids = await write(3)
  await expect.poll(async () => (await phone.devices())[0]?.waitingMessages).toEqual(expect.arrayContaining(ids))
  await rig.rows.query(`set default_transaction_read_only = off`)
  await rig.rows.query(`alter database "${name}" reset default_transaction_read_only`)
  line.reset()
  await says('lease_is_sure', before[1])
  await expectUnharmed(ids)
}, 120_000)

test('what another node has claimed meanwhile is let go without a word', async () => {
  const before = [logged('lease_in_doubt'), logged('session_abandoned')] as const
  line.cut()
  await says('lease_in_doubt', before[0])
  const [id = ''] = await write(1)
  await rig.rows.query(
    `update session_leases set node_id = gen_random_uuid(), epoch = epoch + 1, wanted = false where session_id = $1`,
    [sessionId],
  )
  await line.restore()
  await says('session_abandoned', before[1])
  await phone.waitForDevice('offline')
  const said = await rig.simulator.ledger({ direction: 'in', account: phone.phoneNumber, device: 1 })
  expect(said.filter(({ seq }) => seq > since).map(({ tag }) => tag)).toEqual([])
  expect((await phone.devices())[0]?.waitingMessages).toEqual([id])
}, 120_000)
