import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { startSimulator, type Phone, type Simulator } from '../src/simulator/index.js'
import { GatewayProcess } from './support/gateway-process.js'
import { Rows } from './support/rows.js'
import { cloneDatabase, type ClonedDatabase } from './support/template-database.js'
import { Visitor } from './support/visitor.js'

let simulator: Simulator
let database: ClonedDatabase
let rows: Rows
let dataDir: string
let env: Record<string, string>
let first: GatewayProcess
let second: GatewayProcess | null = null
let phone: Phone
let stranger: Phone
let sessionId: string
let number = 254_741_800_000

beforeAll(async () => {
  simulator = await startSimulator()
  database = await cloneDatabase()
  rows = new Rows(database.ownerUrl)
  dataDir = mkdtempSync(join(tmpdir(), 'whizlite-hand-over-'))
  env = {
    NODE_ENV: 'test',
    PORT: '0',
    DATA_DIR: dataDir,
    DATABASE_URL: database.ownerUrl,
    LINK_DEFAULT: 'managed',
    WHATSAPP_SESSION_SECRET: randomBytes(32).toString('hex'),
    WHATSAPP_URL: simulator.url,
    WHATSAPP_ROOT_KEY: simulator.rootKey,
  }
  stranger = await simulator.phone(String(++number))
}, 60_000)

afterAll(async () => {
  await simulator.assertClean()
  await rows[Symbol.asyncDispose]()
  await simulator.stop()
  await database.drop()
  rmSync(dataDir, { recursive: true, force: true })
})

beforeEach(async () => {
  phone = await simulator.phone(String(++number))
  first = new GatewayProcess(env)
  const visitor = new Visitor(await first.ready())
  const { sessionId: started, qrCode } = await visitor.start()
  sessionId = started
  await phone.scanPicture(Buffer.from(qrCode.split(',')[1] ?? '', 'base64'))
  await rows.waitFor(`select from link_attempts where session_id = $1 and phase = 'complete'`, [sessionId], 60_000)
  await phone.waitForQuiet()
}, 180_000)

afterEach(async () => {
  await first[Symbol.asyncDispose]()
  await second?.[Symbol.asyncDispose]()
  second = null
  await rows.query(`update session_leases set wanted = false`)
})

async function start(): Promise<GatewayProcess> {
  second = new GatewayProcess(env)
  await second.ready()
  return second
}

const epoch = async () =>
  (await rows.query<{ epoch: string }>(`select epoch from session_leases where session_id = $1`, [sessionId]))[0]?.epoch

/** Somebody writes, and it is stored under the new owner's epoch with nothing refused. */
async function expectItHears(): Promise<void> {
  const { id } = await stranger.send(phone, 'still there?')
  await rows.waitFor(
    `select from inbound_journal where session_id = $1 and stanza ->> 'id' = $2`,
    [sessionId, id],
    60_000,
  )
  await phone.waitForQuiet()
  expect((await phone.devices())[0]?.waitingMessages).toEqual([])
}

const takenOver = (by: GatewayProcess) =>
  by.log.waitFor(line => line.event === 'session_taken_over' && line['sessionId'] === sessionId, 60_000, 'taken over')

const connected = () => rows.waitFor(`select from sessions where id = $1 and state = 'connected'`, [sessionId], 60_000)

test('a node that is told to stop gives its session up and ends, and another has it', async () => {
  const other = await start()
  const before = await epoch()
  expect(await first.stop()).toBe(0)
  await takenOver(other)
  await phone.waitForDevice('online')
  await connected()
  expect(await epoch()).not.toBe(before)
  await expectItHears()
  expect(first.log.all().map(({ event }) => event)).toEqual(expect.arrayContaining(['draining', 'drained']))
  // it has nothing left, so nobody has to wait for its lease
  expect(await rows.query(`select from nodes where lease_until > clock_timestamp()`)).toHaveLength(1)
}, 180_000)

test('a process that was killed is missed by nobody on this machine: the next one takes its own at once', async () => {
  await first.kill()
  // however long the machine takes to start the next one
  await rows.query(`update nodes set lease_until = clock_timestamp() + interval '10 minutes'`)
  const next = await start()
  await next.log.waitFor(line => line.event === 'dead_neighbour_found', 60_000, 'dead neighbour')
  await takenOver(next)
  await connected()
  await expectItHears()
}, 180_000)

test('where its death cannot be proven, its lease runs out first', async () => {
  const [owner] = await rows.query<{ id: string }>(`select id from nodes where lease_until > clock_timestamp()`)
  const other = await start()
  await rows.query(`update nodes set host = null`)
  await first.kill()
  await takenOver(other)
  const [{ ended } = { ended: false }] = await rows.query<{ ended: boolean }>(
    `select lease_until < clock_timestamp() as ended from nodes where id = $1`,
    [owner?.id],
  )
  expect(ended).toBe(true)
  await connected()
  await expectItHears()
}, 180_000)
