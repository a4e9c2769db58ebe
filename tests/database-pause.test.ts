import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startSimulator, type Phone, type Simulator } from '../src/simulator/index.js'
import { GatewayProcess } from './support/gateway-process.js'
import { Rows } from './support/rows.js'
import { TcpProxy } from './support/tcp-proxy.js'
import { cloneDatabase, type ClonedDatabase } from './support/template-database.js'
import { Visitor } from './support/visitor.js'

let simulator: Simulator
let database: ClonedDatabase
let line: TcpProxy
let rows: Rows
let dataDir: string
let gateway: GatewayProcess
let url: string
let phone: Phone
let stranger: Phone
let sessionId: string
let since = 0

// one gateway and one connection for all: neither may end
beforeAll(async () => {
  simulator = await startSimulator()
  database = await cloneDatabase()
  line = await TcpProxy.open(database.ownerUrl)
  rows = new Rows(database.ownerUrl)
  dataDir = mkdtempSync(join(tmpdir(), 'whizlite-pause-'))
  gateway = new GatewayProcess({
    NODE_ENV: 'test',
    PORT: '0',
    DATA_DIR: dataDir,
    DATABASE_URL: line.through(database.ownerUrl),
    LINK_DEFAULT: 'managed',
    WHATSAPP_SESSION_SECRET: randomBytes(32).toString('hex'),
    WHATSAPP_URL: simulator.url,
    WHATSAPP_ROOT_KEY: simulator.rootKey,
  })
  url = await gateway.ready()
  phone = await simulator.phone('254741700001')
  stranger = await simulator.phone('254741700002')
  const visitor = new Visitor(url)
  const { sessionId: started, qrCode } = await visitor.start()
  sessionId = started
  await phone.scanPicture(Buffer.from(qrCode.split(',')[1] ?? '', 'base64'))
  await rows.waitFor(`select from link_attempts where session_id = $1 and phase = 'complete'`, [sessionId], 60_000)
  await phone.waitForQuiet()
}, 180_000)

afterAll(async () => {
  await gateway.stop()
  await line[Symbol.asyncDispose]()
  await rows[Symbol.asyncDispose]()
  await simulator.assertClean()
  await simulator.stop()
  await database.drop()
  rmSync(dataDir, { recursive: true, force: true })
})

beforeEach(async () => {
  since = (await simulator.ledger()).at(-1)?.seq ?? 0
})

const logged = (event: string) => gateway.log.all().filter(entry => entry.event === event).length

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
  const found = await rows.query<{ id: string }>(
    `select stanza ->> 'id' as id from inbound_journal where session_id = $1 and stanza ->> 'id' = any ($2)`,
    [sessionId, ids],
  )
  return found.map(({ id }) => id).toSorted()
}

/** All of it stored, nothing refused, and the connection is the one from the beginning. */
async function expectUnharmed(ids: string[]): Promise<void> {
  await expect.poll(() => heard(ids), { timeout: 40_000 }).toEqual(ids.toSorted())
  await phone.waitForQuiet()
  const said = await simulator.ledger({ direction: 'in', account: phone.phoneNumber, device: 1 })
  const refusals = said.filter(
    ({ seq, attrs }) => seq > since && (attrs['error'] !== undefined || attrs['type'] === 'retry'),
  )
  expect(refusals).toEqual([])
  expect((await phone.devices())[0]?.waitingMessages).toEqual([])
  expect(logged('session_closed')).toBe(0)
  const states = await rows.query<{ state: string }>(`select state from session_history where session_id = $1`, [
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
  const overdue = () => gateway.log.all().filter(({ event, ms }) => event === 'lease_not_renewed' && Number(ms) > 9_000)
  await expect.poll(() => overdue().length, { timeout: 30_000 }).toBeGreaterThan(0)
  const asked = await new Visitor(url).request('POST', '/api/sessions/start', {})
  expect(asked).toMatchObject({ status: 503, body: { code: 'database_unavailable' } })
  expect(Number(asked.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await new Visitor(url).request('GET', '/health/live')).status).toBe(200)
  expect(await heard(ids)).toEqual([])
  await line.restore()
  await says('lease_is_sure', before[1])
  await expectUnharmed(ids)
  await expect.poll(async () => (await new Visitor(url).request('GET', '/health')).body['status']).toBe('healthy')
}, 120_000)

test('one that takes nothing: nothing is acknowledged until it does', async () => {
  const before = [logged('lease_in_doubt'), logged('lease_is_sure')] as const
  const name = new URL(database.ownerUrl).pathname.slice(1)
  await rows.query(`alter database "${name}" set default_transaction_read_only = on`)
  line.reset()
  await says('lease_in_doubt', before[0])
  const ids = await write(3)
  await expect.poll(async () => (await phone.devices())[0]?.waitingMessages).toEqual(expect.arrayContaining(ids))
  await rows.query(`set default_transaction_read_only = off`)
  await rows.query(`alter database "${name}" reset default_transaction_read_only`)
  line.reset()
  await says('lease_is_sure', before[1])
  await expectUnharmed(ids)
}, 120_000)

test('what another node has claimed meanwhile is let go without a word', async () => {
  const before = [logged('lease_in_doubt'), logged('session_abandoned')] as const
  line.cut()
  await says('lease_in_doubt', before[0])
  const [id = ''] = await write(1)
  await rows.query(
    `update session_leases set node_id = gen_random_uuid(), epoch = epoch + 1, wanted = false where session_id = $1`,
    [sessionId],
  )
  await line.restore()
  await says('session_abandoned', before[1])
  await phone.waitForDevice('offline')
  const said = await simulator.ledger({ direction: 'in', account: phone.phoneNumber, device: 1 })
  expect(said.filter(({ seq }) => seq > since).map(({ tag }) => tag)).toEqual([])
  expect((await phone.devices())[0]?.waitingMessages).toEqual([id])
}, 120_000)
