import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { startSimulator, type Phone, type Simulator } from '../src/simulator/index.js'
import { GatewayProcess } from './support/gateway-process.js'
import { Rows } from './support/rows.js'
import { smallDisk } from './support/small-disk.js'
import { cloneDatabase, type ClonedDatabase } from './support/template-database.js'
import { Visitor } from './support/visitor.js'

const { adminUrl } = inject('database')
const disk = await smallDisk(adminUrl, inject('scratch'))

let simulator: Simulator
let database: ClonedDatabase
let rows: Rows
let dataDir: string
let gateway: GatewayProcess
let url: string
let phone: Phone
let stranger: Phone
let sessionId: string

// one gateway for all: it has to live on without a restart
beforeAll(async () => {
  simulator = await startSimulator()
  database = await cloneDatabase(disk === null ? {} : { tablespace: disk.tablespace })
  rows = new Rows(database.ownerUrl)
  dataDir = mkdtempSync(join(tmpdir(), 'whizlite-full-'))
  gateway = new GatewayProcess({
    NODE_ENV: 'test',
    PORT: '0',
    DATA_DIR: dataDir,
    DATABASE_URL: database.ownerUrl,
    LINK_DEFAULT: 'managed',
    WHATSAPP_SESSION_SECRET: randomBytes(32).toString('hex'),
    WHATSAPP_URL: simulator.url,
    WHATSAPP_ROOT_KEY: simulator.rootKey,
  })
  url = await gateway.ready()
  phone = await simulator.phone('254741800001')
  stranger = await simulator.phone('254741800002')
  const { sessionId: started, qrCode } = await new Visitor(url).start()
  sessionId = started
  await phone.scanPicture(Buffer.from(qrCode.split(',')[1] ?? '', 'base64'))
  await rows.waitFor(`select from link_attempts where session_id = $1 and phase = 'complete'`, [sessionId], 60_000)
  await phone.waitForQuiet()
}, 180_000)

afterAll(async () => {
  await gateway.stop()
  await rows[Symbol.asyncDispose]()
  await simulator.assertClean()
  await simulator.stop()
  await database.drop()
  await disk?.remove()
  rmSync(dataDir, { recursive: true, force: true })
})

type Trouble = { begin: () => Promise<void>; end: () => Promise<void> }

/** Nothing is written any more: PostgreSQL says this of each statement that would. */
const refusal = (sqlState: string): Trouble => ({
  async begin() {
    await rows.query(`create function no_room() returns trigger language plpgsql as
      'begin raise exception using errcode = ''${sqlState}''; end'`)
    await inTheWayOfNobody(() =>
      onEachTable(table => `create trigger no_room before insert or update on ${table} execute function no_room()`),
    )
  },
  async end() {
    await inTheWayOfNobody(() => rows.query('drop function no_room cascade'))
  },
})

/** Locks of all tables at once: whoever is in a transaction on two of them may be in the way, and one of the two has to give up. */
async function inTheWayOfNobody(work: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await work()
      return
    } catch (error) {
      if ((error as { code?: unknown }).code !== '40P01') throw error
    }
  }
}

async function onEachTable(statement: (table: string) => string): Promise<void> {
  const tables = await rows.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = current_schema()`,
  )
  await rows.query(tables.map(({ name }) => statement(name)).join(';'))
}

/** There is really no room any more. */
const fullDisk: Trouble = {
  async begin() {
    await rows.query('create table filler (bytes text)')
    await rows.query('alter table filler alter bytes set storage plain')
    for (const size of [7_000_000, 700_000, 70_000, 7_000, 7_000, 7_000]) await fill(size)
  },
  async end() {
    await rows.query('drop table filler')
    await rows.query('checkpoint')
  },
}

/** As many pieces of this size as there is room for. */
async function fill(size: number): Promise<void> {
  const piece = `insert into filler select repeat('x', 7000) from generate_series(1, $1::int / 7000)`
  for (;;) {
    const refused = await rows.query(piece, [size]).then(
      () => null,
      (error: unknown) => error,
    )
    if (refused === null) continue
    expect(refused).toMatchObject({ code: '53100' })
    return
  }
}

const waiting = async () => (await phone.devices())[0]?.waitingMessages ?? []

async function journalled(): Promise<string[]> {
  const found = await rows.query<{ id: string }>(
    `select stanza ->> 'id' as id from inbound_journal where session_id = $1`,
    [sessionId],
  )
  return found.map(({ id }) => id)
}

const start = () => new Visitor(url).request('POST', '/api/sessions/start', {})

const troubles: [string, Trouble][] = [
  ['says that its disk is full', refusal('53100')],
  ['says that it has no memory', refusal('53200')],
  ['says that it cannot be reached yet', refusal('57P03')],
]
// where this process may give it one of its own
if (disk !== null) troubles.push(['has a full disk', fullDisk])

test.each(troubles)(
  'a database that %s: nothing is acknowledged, nobody ends, and it goes on by itself',
  async (_, trouble) => {
    const { seq: since = 0 } = (await simulator.ledger()).at(-1) ?? {}
    const { pid } = gateway
    await trouble.begin()
    const ids: string[] = []
    try {
      // what little room pages still have is used up as well
      await expect
        .poll(
          async () => {
            ids.push((await stranger.send(phone, `message ${ids.length}`)).id)
            return (await start()).status
          },
          { timeout: 40_000 },
        )
        .toBe(503)
      const refused = await start()
      expect(refused).toMatchObject({ status: 503, body: { code: 'database_unavailable' } })
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
      await expect
        .poll(
          async () => {
            ids.push((await stranger.send(phone, `message ${ids.length}`)).id)
            return (await waiting()).length
          },
          { timeout: 40_000 },
        )
        .toBeGreaterThan(5)
      expect((await new Visitor(url).request('GET', '/health/live')).status).toBe(200)
      const [kept, known] = [await waiting(), await journalled()]
      expect(ids.filter(id => !kept.includes(id) && !known.includes(id))).toEqual([])
    } finally {
      await trouble.end()
    }
    await expect.poll(journalled, { timeout: 60_000 }).toEqual(expect.arrayContaining(ids))
    await expect.poll(waiting, { timeout: 20_000 }).toEqual([])
    await rows.waitFor(`select from sessions where id = $1 and state = 'connected'`, [sessionId])
    await expect.poll(async () => (await new Visitor(url).request('GET', '/health')).body['status']).toBe('healthy')
    expect((await start()).status).toBe(200)
    const said = await simulator.ledger({ direction: 'in', account: phone.phoneNumber, device: 1 })
    const refusals = said.filter(
      ({ seq, attrs }) => seq > since && (attrs['error'] !== undefined || attrs['type'] === 'retry'),
    )
    expect(refusals).toEqual([])
    expect([gateway.isRunning, gateway.pid]).toEqual([true, pid])
  },
  180_000,
)
