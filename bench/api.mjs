import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { createClient } from '../dist/client/index.js'
import { startLocalPostgres } from '../dist/backend/database/local/start-local-postgres.js'
import { readQrPicture } from '../dist/simulator/phone/qr-picture.js'
import { apiReport } from './api-report.mjs'
import { Child } from './child.mjs'
import { bytesOf, load } from './http-load.mjs'
import { makeDataFolder, plainEnv, startGateway, startSimulator } from './processes.mjs'
import { processorTime, untilQuiet } from './processor-time.mjs'
import { percentiles } from './statistics.mjs'

export const about = 'authenticated reads and writes a second, in alternating rounds with a bare Express and pg'

const SESSIONS = 20
/** As many as a gateway's process has for requests. */
const CONNECTIONS = 4
const LINES = [8, 32]
const ROUNDS = 6
const ROUND_MS = 5_000
const QUICK = { rounds: 2, roundMs: 2_000, lines: [8] }
const WARM_UP_MS = 2_000
const PROBE = new URL('./probe.mjs', import.meta.url).href
const BARE = fileURLToPath(new URL('./bare-express.mjs', import.meta.url))
/** The most that settings take, and more than there will be. */
const NO_LIMIT = '10000'

/**
 * @param {{ closing: import('./closing.mjs').Closing, say: (line: string) => void, quick: boolean, sessions?: number[], rounds?: number }} options
 *   `sessions`: requests under way at once
 */
export async function run({ closing, say, quick, sessions: given, rounds: asked }) {
  const { rounds, roundMs, lines: counts } = quick ? QUICK : { rounds: ROUNDS, roundMs: ROUND_MS, lines: LINES }
  const stage = await setUp(closing, say)
  const rows = []
  for (const lines of given ?? counts) {
    for (const [name, requests] of Object.entries(stage.operations)) {
      const row = await compare(stage, { lines, rounds: asked ?? rounds, roundMs, requests })
      rows.push({ operation: name, lines, ...row })
      say(
        `${name}, ${lines} at once: ${rows
          .at(-1)
          .sides.product.map(({ perSecond }) => Math.round(perSecond))
          .join(' ')} a second`,
      )
    }
  }
  return apiReport({ rows, rounds: asked ?? rounds, roundMs, sessions: SESSIONS })
}

async function setUp(closing, say) {
  const folder = makeDataFolder(closing)
  const postgres = await startLocalPostgres({ dataDir: folder })
  closing.add(postgres, () => postgres.stop())
  const token = randomBytes(32).toString('hex')
  const simulator = (await startSimulator(closing)).control
  const env = {
    DATABASE_URL: postgres.url,
    WHATSAPP_SESSION_SECRET: randomBytes(32).toString('hex'),
    WHATSAPP_SERVICE_TOKEN: token,
    API_REQUESTS_PER_SECOND: NO_LIMIT,
    API_REQUEST_BURST: NO_LIMIT,
    API_REQUESTS_PER_ADDRESS: NO_LIMIT,
  }
  const gateway = await startGateway(closing, { simulator, folder, env, nodeOptions: profiling('gateway') })
  const client = createClient({ url: gateway.url, token })
  const ids = []
  for (let index = 0; index < SESSIONS; index += 1) ids.push(await linked(client, simulator, index))
  const { key } = await client.apiKeys.create({ name: 'bench', scopes: ['read', 'sessions'] })
  await copyRows(postgres.url, ids)
  const bare = new Child('Bare Express', [...profiling('bare'), '--import', PROBE, BARE], {
    ...plainEnv(),
    BARE_DATABASE_URL: postgres.url,
    BARE_TOKEN: key,
    BARE_CONNECTIONS: String(CONNECTIONS),
  })
  closing.add(bare, () => bare.stop())
  const sides = {
    product: { child: gateway.child, port: Number(new URL(gateway.url).port) },
    raw: { child: bare, port: await bare.ask('port') },
  }
  await untilQuiet([gateway.child, bare])
  say(`${SESSIONS} sessions linked`)
  return { sides, databasePid: gateway.databasePid, operations: operationsOf(ids, { authorization: `Bearer ${key}` }) }
}

/** `PROFILE=folder`: where both sides leave a processor profile when they stop. */
function profiling(side) {
  const { PROFILE: folder } = process.env
  return folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${side}.cpuprofile`]
}

async function linked(client, simulator, index) {
  const phone = await simulator.phone(String(254_700_200_000 + index))
  const { sessionId, link } = await client.sessions.link({ name: `Session ${index}` })
  await phone.scan(readQrPicture(Buffer.from(link.qrCode.split(',')[1], 'base64')))
  for (;;) {
    const { state } = await client.sessions.get({ sessionId })
    if (state === 'connected') return sessionId
    if (state !== 'linking' && state !== 'connecting') throw new Error(`A session of the bench is ${state}.`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

/** The bare side has rows like ours in a schema of its own, with nothing on them but a primary key. */
async function copyRows(url, ids) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('create schema bare')
    await client.query('create table bare.sessions as select * from whizlite.sessions')
    await client.query('alter table bare.sessions drop column name, add column name text, add primary key (id)')
    await client.query(
      "update bare.sessions set name = 'Session ' || named.at from unnest($1::uuid[]) with ordinality as named (id, at) where sessions.id = named.id",
      [ids],
    )
    await client.query('create table bare.tickets (hash text primary key, expires_at timestamptz not null)')
  } finally {
    await client.end()
  }
}

/** Requests of one kind in turn, the same bytes for both sides. */
function operationsOf(ids, headers) {
  const inTurn = requests => turn => requests[turn % requests.length]
  const ofEach = make => inTurn(ids.map((id, index) => bytesOf({ headers, ...make(id, index) })))
  return {
    'read one session': ofEach(id => ({ method: 'GET', path: `/api/v1/sessions/${id}` })),
    'read the list': inTurn([bytesOf({ method: 'GET', path: '/api/v1/sessions', headers })]),
    'write a name': ofEach((id, index) => ({
      method: 'PATCH',
      path: `/api/v1/sessions/${id}`,
      body: { name: `Name ${index}` },
    })),
    'write a ticket': inTurn([bytesOf({ method: 'POST', path: '/api/v1/ws-tickets', headers, body: {} })]),
  }
}

async function compare(stage, { lines, rounds, roundMs, requests }) {
  const measured = { product: [], raw: [] }
  for (const side of ['product', 'raw']) await oneRound(stage, side, { lines, forMs: WARM_UP_MS, next: requests })
  for (let round = 0; round < rounds; round += 1) {
    for (const side of round % 2 === 0 ? ['product', 'raw'] : ['raw', 'product']) {
      measured[side].push(await oneRound(stage, side, { lines, forMs: roundMs, next: requests }))
    }
  }
  return { sides: measured }
}

/** Of one side, the other being idle. */
async function oneRound({ sides, databasePid }, side, options) {
  const { child, port } = sides[side]
  const [cpuBefore, databaseBefore] = [await child.ask('cpu'), processorTime(databasePid)]
  const { seconds, tookMs } = await load({ port, ...options })
  const [cpu, database] = [(await child.ask('cpu')) - cpuBefore, processorTime(databasePid)]
  return {
    perSecond: tookMs.length / seconds,
    ms: percentiles(tookMs),
    cpuMs: cpu / tookMs.length,
    databaseCpuMs: database === null ? null : (database - databaseBefore) / tookMs.length,
  }
}
