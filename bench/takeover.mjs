import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { startLocalPostgres } from '../dist/backend/database/local/start-local-postgres.js'
import { makeDataFolder, startGateway } from './processes.mjs'
import { storeAccounts } from './seed/installation.mjs'
import { makeAccounts, startSeededSimulator } from './seed/seeded.mjs'
import { takeoverReport } from './takeover-report.mjs'

export const about = 'two nodes: a killed one’s sessions on the other, a planned hand-off, and a node that comes back'

const SESSIONS = 20
const ROUNDS = 10
const QUICK = { sessions: 5, rounds: 3 }
const GROUP = 'product'
const OPEN_LIMIT_MS = 60_000
const LOOK_EVERY_MS = 25
/** Logins leave something to do behind; the next round begins when it is done. */
const SETTLE_MS = 1_500

/** @param {{ closing: import('./closing.mjs').Closing, say: (line: string) => void, quick: boolean, sessions?: number[], rounds?: number }} options */
export async function run({ closing, say, quick, sessions, rounds: given }) {
  const count = sessions?.[0] ?? (quick ? QUICK.sessions : SESSIONS)
  const rounds = given ?? (quick ? QUICK.rounds : ROUNDS)
  const stage = await setUp(closing, count)
  say(`${count} sessions stored`)

  let running = await stage.start()
  await stage.untilOpen(running, 0)
  const parts = {}
  const endings = {
    'killed, on another machine': async (lost, other) => {
      await pretendElsewhere(stage.database, lost.id)
      return takenOver(stage, other, () => lost.child.kill())
    },
    'killed, on this machine': (lost, other) => takenOver(stage, other, () => lost.child.kill()),
    stopped: (lost, other) => takenOver(stage, other, () => lost.child.stop()),
  }
  for (const [name, end] of Object.entries(endings)) {
    parts[name] = []
    for (let round = 1; round <= rounds; round += 1) {
      const other = await stage.start()
      await delay(SETTLE_MS)
      const outcome = await end(running, other)
      parts[name].push(outcome)
      say(
        `${name}, round ${round}: open after ${Math.max(...outcome.openedMs)} ms, longest gap ${Math.max(...outcome.gapMs)} ms`,
      )
      running = other
    }
  }
  parts['killed and started again, alone'] = []
  for (let round = 1; round <= rounds; round += 1) {
    await delay(SETTLE_MS)
    const since = Date.now()
    await running.child.kill()
    running = await stage.start()
    const startedMs = Date.now() - since
    await stage.untilOpen(running, since)
    const outcome = { ...(await stage.outcome(since)), startedMs }
    parts['killed and started again, alone'].push(outcome)
    say(`killed and started again, round ${round}: all open after ${Math.max(...outcome.openedMs)} ms`)
  }
  const problems = await stage.simulator.problems()
  return takeoverReport({ parts, count, rounds, problems: problems.length })
}

/** One database, one simulator, and as many nodes as are started. */
async function setUp(closing, count) {
  const folder = makeDataFolder(closing)
  const postgres = await startLocalPostgres({ dataDir: folder })
  closing.add(postgres, () => postgres.stop())
  const env = { DATABASE_URL: postgres.url, WHATSAPP_SESSION_SECRET: randomBytes(32).toString('hex') }
  const simulator = await startSeededSimulator(closing)
  const accounts = await makeAccounts(count)
  await simulator.add(GROUP, accounts)
  await storeAccounts({ ...env, DATA_DIR: folder }, accounts)
  const database = new Client({ connectionString: postgres.url, options: '-c search_path=whizlite' })
  await database.connect()
  closing.add(database, () => database.end())
  return {
    simulator,
    database,
    async start() {
      const nodesBefore = await nodeIds(database)
      const node = await startGateway(closing, { simulator, env })
      const [id] = (await nodeIds(database)).filter(each => !nodesBefore.includes(each))
      return { ...node, id }
    },
    /** Until every session has opened (again) after `since`. */
    async untilOpen({ child }, since) {
      const deadline = performance.now() + OPEN_LIMIT_MS
      for (;;) {
        const waiting = (await simulator.changes(GROUP, since)).filter(({ openedAt }) => openedAt === null).length
        if (waiting === 0) return
        child.assertRuns()
        if (performance.now() > deadline) throw new Error(`${waiting} of ${count} sessions are not open.`)
        await delay(LOOK_EVERY_MS)
      }
    },
    async outcome(since) {
      const changes = await simulator.changes(GROUP, since)
      return {
        openedMs: changes.map(({ openedAt }) => openedAt - since),
        gapMs: changes.map(({ openedAt, lostAt }) => openedAt - (lostAt ?? since)),
      }
    },
    /** When the last of the sessions had this owner. */
    async claimedBy(id) {
      const deadline = performance.now() + OPEN_LIMIT_MS
      for (;;) {
        const { rows } = await database.query(
          'select count(*)::int as left from session_leases where wanted and node_id <> $1',
          [id],
        )
        if (rows[0].left === 0) return Date.now()
        if (performance.now() > deadline) throw new Error(`${rows[0].left} of ${count} sessions are another node's.`)
        await delay(LOOK_EVERY_MS)
      }
    },
  }
}

async function nodeIds(database) {
  const { rows } = await database.query('select id from nodes')
  return rows.map(({ id }) => id)
}

/** Until another node has opened all that this one had, whichever way it ends. */
async function takenOver(stage, other, end) {
  const since = Date.now()
  const [claimedAt] = await Promise.all([stage.claimedBy(other.id), stage.untilOpen(other, since), end()])
  return { ...(await stage.outcome(since)), claimedMs: claimedAt - since }
}

/** A node on another machine cannot know that the process is dead, only that its lease has run out. */
const pretendElsewhere = (database, id) =>
  database.query('update nodes set host = $2 where id = $1', [id, 'another-machine'])
