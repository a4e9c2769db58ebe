import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startSimulator, type Phone, type Simulator } from '../src/simulator/index.js'
import { importSessions } from './cluster/import-sessions.js'
import { GatewayProcess } from './support/gateway-process.js'
import { Operator } from './support/operator.js'
import { Rows } from './support/rows.js'
import { cloneDatabase, type ClonedDatabase } from './support/template-database.js'

const token = randomBytes(32).toString('hex')
const firstNumber = 254_749_000_001
const count = 3
let simulator: Simulator
let database: ClonedDatabase
let rows: Rows
let dataDir: string
let env: Record<string, string>
let running: GatewayProcess[] = []

beforeEach(async () => {
  simulator = await startSimulator()
  database = await cloneDatabase()
  rows = new Rows(database.ownerUrl)
  dataDir = mkdtempSync(join(tmpdir(), 'whizlite-name-'))
  env = {
    NODE_ENV: 'test',
    NODE_NAME: 'whizlite-0',
    PORT: '0',
    DATA_DIR: dataDir,
    DATABASE_URL: database.ownerUrl,
    WHATSAPP_SERVICE_TOKEN: token,
    WHATSAPP_SESSION_SECRET: randomBytes(32).toString('hex'),
    WHATSAPP_URL: simulator.url,
    WHATSAPP_ROOT_KEY: simulator.rootKey,
  }
}, 60_000)

afterEach(async () => {
  for (const gateway of running) await gateway[Symbol.asyncDispose]()
  running = []
  await rows[Symbol.asyncDispose]()
  await simulator.assertClean()
  await simulator.stop()
  await database.drop()
  rmSync(dataDir, { recursive: true, force: true })
}, 60_000)

type Node = { gateway: GatewayProcess; url: string; id: string }

async function start(): Promise<Node> {
  const gateway = new GatewayProcess(env)
  running.push(gateway)
  const url = await gateway.ready()
  const [row] = await rows.query<{ id: string }>(`select id from nodes where replaced_at is null`)
  return { gateway, url, id: row?.id ?? '' }
}

async function startWithSessions(): Promise<Node> {
  const node = await start()
  await importSessions({ count, firstNumber, simulator, nodes: [node], serviceToken: token })
  await runs(node, 1)
  // as in a container: nothing tells its successor that it has died
  await rows.query(`update nodes set host = null`)
  return node
}

/** Until all sessions are connected there, each under this epoch. */
const runs = ({ id }: Node, epoch: number) =>
  rows.waitFor(
    `select from session_leases l join sessions s on s.id = l.session_id
     where l.node_id = $1 and l.epoch = $2 and s.state = 'connected' and exists (
       select from session_history h where h.session_id = s.id and h.epoch = l.epoch and h.state = 'connected'
     ) having count(*) = $3`,
    [id, epoch, count],
    60_000,
  )

const says = ({ gateway }: Node, event: string) => gateway.log.waitFor(line => line.event === event, 20_000, event)

async function isHeard(): Promise<void> {
  const stranger = await simulator.phone('254749000900')
  for (let nth = 0; nth < count; nth++) {
    const owner: Phone = await simulator.phone(String(firstNumber + nth))
    const { id } = await stranger.send(owner, 'hello')
    await rows.waitFor(`select from inbound_journal where stanza ->> 'id' = $1`, [id])
  }
}

test('a process that comes back under its name takes what it had, however long the lease of the one before it lasts', async () => {
  const before = await startWithSessions()
  await before.gateway.kill()
  await rows.query(`update nodes set lease_until = clock_timestamp() + interval '1 hour'`)
  const after = await start()
  expect(after.id).not.toBe(before.id)
  await runs(after, 2)
  await isHeard()
}, 180_000)

test('of two that run under one name the newer one has the sessions, and the older one says why it does nothing', async () => {
  const older = await startWithSessions()
  const newer = await start()
  await says(older, 'node_name_taken')
  await runs(newer, 2)
  const since = (await simulator.ledger()).at(-1)?.seq ?? 0
  await isHeard()

  const ask = ({ url }: Node, path: string) => new Operator(url, token).ask('GET', path)
  expect(await ask(older, '/health')).toMatchObject({
    body: { status: 'degraded', reasons: ['node_replaced'], sessions: 0 },
  })
  expect(await ask(older, '/health/ready')).toMatchObject({ status: 503, body: { code: 'node_replaced' } })
  expect(await ask(older, '/health/live')).toMatchObject({ status: 200 })
  expect(await ask(newer, '/health')).toMatchObject({ body: { status: 'healthy', sessions: count } })
  expect(await ask(newer, '/health/ready')).toMatchObject({ status: 200 })
  // each account has one line, and nobody logs in again
  const open = (await simulator.connections()).filter(
    ({ loggedInAt, closedAt }) => loggedInAt !== undefined && closedAt === undefined,
  )
  expect(open).toHaveLength(count)
  expect(new Set(open.map(({ account }) => account))).toEqual(
    new Set(Array.from({ length: count }, (_, nth) => String(firstNumber + nth))),
  )
  expect((await simulator.ledger({ direction: 'out', tag: 'success' })).filter(({ seq }) => seq > since)).toEqual([])

  // a command that comes to the older one is done by the newer one
  const [session] = await rows.query<{ id: string }>(`select id from sessions limit 1`)
  const commands = new Operator(older.url, token)
  for (const command of ['disconnect', 'connect'])
    expect(await commands.command(session?.id ?? '', command)).toMatchObject({ status: 200 })
  await rows.waitFor(
    `select from session_leases l join sessions s on s.id = l.session_id
     where l.session_id = $1 and l.node_id = $2 and l.epoch > 2 and s.state = 'connected'`,
    [session?.id, newer.id],
    60_000,
  )
  expect(await older.gateway.stop()).toBe(0)
  expect(await newer.gateway.stop()).toBe(0)
}, 180_000)
