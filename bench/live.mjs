import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { startLocalPostgres } from '../dist/backend/database/local/start-local-postgres.js'
import { openDatabase } from '../dist/backend/database/database.js'
import { prepareAppRole } from '../dist/backend/database/roles.js'
import { createTenants } from '../dist/backend/database/tenant-transaction.js'
import { createEventLog } from '../dist/backend/events/event-log.js'
import { createVault } from '../dist/backend/vault/vault.js'
import { createClient } from '../dist/client/index.js'
import { makeDataFolder, startGateway, startSimulator } from './processes.mjs'
import { percentiles, round } from './statistics.mjs'
import { table } from './table.mjs'

export const about = 'from an event’s transaction to the listeners of two nodes, who all hear everything'

const LISTENERS = [1, 40, 80]
const QUICK = [1, 20]
const EVENTS = 200
const EVERY_MS = 50
const HEAR_LIMIT_MS = 30_000
const GOAL_MS = 50

/**
 * @param {{ closing: import('./closing.mjs').Closing, say: (line: string) => void, quick: boolean, sessions?: number[], rounds?: number }} options
 *   `sessions`: listeners; `rounds`: events
 */
export async function run({ closing, say, quick, sessions: given, rounds = EVENTS }) {
  const stage = await setUp(closing)
  const rows = []
  for (const listeners of given ?? (quick ? QUICK : LISTENERS)) {
    const tookMs = await measure(stage, listeners, rounds)
    const row = { listeners, events: rounds, ms: percentiles(tookMs) }
    say(`${listeners} listeners: ${row.ms.p50} ms, p99 ${row.ms.p99} ms`)
    rows.push(row)
  }
  const [first] = rows
  const goal = { figure: `p99 of ${first.listeners} listener, ms`, value: round(first.ms.p99), goal: GOAL_MS }
  const figures = { rows, goals: [{ ...goal, met: first.ms.p99 <= GOAL_MS }], pass: first.ms.p99 <= GOAL_MS }
  const text = table([
    ['listeners (half on each node)', 'events', 'p50, ms', 'p99, ms', 'max, ms'],
    ...rows.map(({ listeners, events, ms }) => [listeners, events, ms.p50, ms.p99, ms.max]),
  ])
  return { figures, text }
}

async function setUp(closing) {
  const folder = makeDataFolder(closing)
  const postgres = await startLocalPostgres({ dataDir: folder })
  closing.add(postgres, () => postgres.stop())
  const [token, secret] = [randomBytes(32).toString('hex'), randomBytes(32)]
  const env = {
    DATABASE_URL: postgres.url,
    WHATSAPP_SESSION_SECRET: secret.toString('hex'),
    WHATSAPP_SERVICE_TOKEN: token,
    API_REQUESTS_PER_SECOND: '1000',
    API_REQUEST_BURST: '1000',
    API_REQUESTS_PER_ADDRESS: '10000',
  }
  const simulator = (await startSimulator(closing)).control
  const nodes = [await startGateway(closing, { simulator, env }), await startGateway(closing, { simulator, env })]
  const database = openDatabase({ url: await prepareAppRole({ ownerUrl: postgres.url, secret }) })
  closing.add(database, () => database.close())
  const tenants = createTenants(database)
  const log = createEventLog({ vault: createVault({ secret }) })
  const client = createClient({ url: nodes[0].url, token })
  const { workspace } = await client.auth.me()
  // a link under way is somebody's, and so are its events
  const { sessionId } = await client.sessions.link({})
  return {
    nodes,
    token,
    tell: reason =>
      tenants.transact(workspace, tx =>
        log.append(tx, { event: 'connection_lost', data: { sessionId, status: 'disconnected', reason } }),
      ),
  }
}

/** Milliseconds from before each event's transaction to each listener. */
async function measure({ nodes, token, tell }, count, events) {
  const told = new Map()
  const tookMs = []
  const lines = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const live = createClient({ url: nodes[index % nodes.length].url, token }).live()
      live.on('connection_lost', ({ data }) => {
        const at = told.get(data.reason)
        if (at !== undefined) tookMs.push(performance.now() - at)
      })
      await live.subscribe()
      return live
    }),
  )
  for (let event = 0; event < events; event += 1) {
    const name = `${count} ${event}`
    told.set(name, performance.now())
    await tell(name)
    await delay(EVERY_MS)
  }
  const deadline = performance.now() + HEAR_LIMIT_MS
  while (tookMs.length < count * events) {
    if (performance.now() > deadline) throw new Error(`${count * events - tookMs.length} events were not heard.`)
    await delay(EVERY_MS)
  }
  for (const live of lines) live.close()
  return tookMs
}
