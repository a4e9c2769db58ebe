import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { Rows } from '../../../tests/support/rows.js'
import { shortWaits } from '../../../tests/support/short-waits.js'
import { TcpProxy } from '../../../tests/support/tcp-proxy.js'
import { openTestDatabase, type TestDatabase } from '../../../tests/support/template-database.js'
import { createLog } from '../log.js'
import { addJob } from './add-job.js'
import type { Job } from './job.js'
import { createJobRunner, type JobRunner } from './job-runner.js'

let database: TestDatabase
let line: TcpProxy
let rows: Rows
let runners: JobRunner[]
let logged: string[]
let outcomes: string[]
let ran: string[]
/** What the job `work` does. */
let work: Job['run']

beforeAll(async () => {
  database = await openTestDatabase()
  line = await TcpProxy.open(database.appUrl)
  rows = new Rows(database.ownerUrl)
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await line[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

beforeEach(() => {
  runners = []
  logged = []
  outcomes = []
  ran = []
  work = async () => {}
})

afterEach(async () => {
  await line.restore()
  await Promise.all(runners.map(runner => runner[Symbol.asyncDispose]()))
  await rows.query('delete from whizlite_jobs._private_jobs')
})

/** A node with a lease that lasts. */
async function start(): Promise<string> {
  const nodeId = randomUUID()
  await rows.query(`insert into nodes (id, lease_until) values ($1, clock_timestamp() + interval '1 hour')`, [nodeId])
  const job: Job = {
    name: 'work',
    async run(payload, context) {
      ran.push(`${nodeId} ${JSON.stringify(payload)}`)
      await work(payload, context)
    },
  }
  const runner = createJobRunner({
    database: database.database,
    url: line.through(database.appUrl),
    nodeId,
    jobs: [job],
    schedule: [{ job: 'work', at: '0 0 1 1 *' }],
    log: createLog({ level: 'debug', destination: { write: text => void logged.push(text) } }),
    onOutcome: (name, outcome) => outcomes.push(`${name} ${outcome}`),
  })
  runners.push(runner)
  runner.start()
  return nodeId
}

const add = (id: string) => database.database.system(tx => addJob(tx, { name: 'work', payload: { id }, key: id }))

const stored = () =>
  rows.query<{ key: string; attempts: number; last_error: string | null; locked_by: string | null }>(
    'select key, attempts, last_error, locked_by from whizlite_jobs.jobs order by id',
  )

const saying = (event: string) =>
  logged.filter(text => text.includes(`"${event}"`)).map(text => JSON.parse(text) as object)

test('a job that was added with a change runs once, and one whose change was not kept never', async () => {
  await start()
  await add('1')
  const undone = database.database.system(async tx => {
    await addJob(tx, { name: 'work', payload: { id: '2' }, key: '2' })
    throw new TypeError('undone')
  })
  await expect(undone).rejects.toThrow('undone')
  await expect.poll(() => outcomes).toEqual(['work done'])
  expect(ran).toEqual([expect.stringContaining('{"id":"1"}')])
  await expect.poll(stored).toEqual([])
})

test('several with one key are one', async () => {
  for (let i = 0; i < 3; i++) await add('1')
  await start()
  await expect.poll(() => outcomes).toEqual(['work done'])
  await expect.poll(stored).toEqual([])
})

test('a job that fails waits longer each time, with nothing but a code of why', async () => {
  work = () => Promise.reject(Object.assign(new Error('the number +254700000001'), { code: 'database_refused' }))
  await start()
  await add('1')
  await expect.poll(() => outcomes).toEqual(['work failed'])
  await expect.poll(stored).toMatchObject([{ attempts: 1, last_error: 'database_refused', locked_by: null }])
  const [row] = await rows.query<{ seconds: number }>(
    `select extract(epoch from run_at - updated_at)::float8 as seconds from whizlite_jobs.jobs`,
  )
  expect(row?.seconds).toBeGreaterThan(1)
  expect(saying('job_failed')).toMatchObject([{ job: 'work', code: 'database_refused', count: 1 }])
  expect(logged.join('')).not.toContain('254700000001')
})

test('a job that fails always is parked and told of, and the next one of its kind starts afresh', async () => {
  work = () => Promise.reject(new TypeError('poison'))
  await start()
  await add('1')
  await rows.waitFor(`select from whizlite_jobs.jobs where last_error is not null and locked_by is null`)
  await rows.query(`update whizlite_jobs._private_jobs set attempts = 7, run_at = now()`)
  await rows.query(`select pg_notify('jobs:insert', '{"count":1}')`)
  await expect.poll(() => outcomes).toEqual(['work failed', 'work parked'])
  expect(saying('job_parked')).toMatchObject([{ level: 50, job: 'work', code: 'TypeError', count: 8 }])
  await expect.poll(stored).toMatchObject([{ attempts: 8, locked_by: null }])
  work = async () => {}
  await add('1')
  await expect.poll(() => outcomes.at(-1)).toBe('work done')
})

test('the jobs of a lost node are done by another one within moments', async () => {
  let release = () => {}
  const gate = new Promise<void>(resolve => (release = resolve))
  work = () => gate
  const lost = await start()
  await add('1')
  await expect.poll(() => ran).toHaveLength(1)
  await expect.poll(() => rows.query('select from job_workers where node_id = $1', [lost])).toHaveLength(1)
  work = async () => {}
  await start()
  await rows.query(`update nodes set lease_until = clock_timestamp() - interval '2 seconds' where id = $1`, [lost])
  await expect.poll(() => outcomes, { timeout: 15_000 }).toEqual(['work done'])
  expect(ran).toHaveLength(2)
  expect(saying('lost_jobs_freed')).not.toEqual([])
  release()
})

test('a runner whose database goes away and comes back goes on', async () => {
  using _ = shortWaits(new Map([[10_000, 300]]))
  await start()
  await add('1')
  await expect.poll(() => outcomes).toHaveLength(1)
  line.cut()
  await add('2')
  await delay(0)
  await line.restore()
  await expect.poll(() => ran.join(), { timeout: 30_000 }).toContain('{"id":"2"}')
  await expect.poll(stored, { timeout: 30_000 }).toEqual([])
})

test.each([
  { how: 'done', end: () => Promise.resolve() },
  { how: 'failed', end: () => Promise.reject(new TypeError('in vain')) },
])(
  'a job whose end cannot be stored ($how) is done again soon, by the same node, and no rejection is left alone',
  async ({ end }) => {
    const rejections: unknown[] = []
    const note = (error: unknown) => void rejections.push(error)
    process.on('unhandledRejection', note)
    using _ = shortWaits(new Map([[2_000, 50]]))
    work = async () => {
      work = async () => {}
      line.cut()
      await end()
    }
    await start()
    await add('1')
    await expect.poll(() => outcomes).toHaveLength(1)
    await expect.poll(() => saying('jobs_interrupted'), { timeout: 15_000 }).not.toEqual([])
    expect(await stored()).toMatchObject([{ locked_by: expect.any(String) }])
    await line.restore()
    await expect.poll(() => outcomes.at(-1), { timeout: 20_000 }).toBe('work done')
    await expect.poll(stored).toEqual([])
    expect(ran).toHaveLength(2)
    process.off('unhandledRejection', note)
    expect(rejections).toEqual([])
  },
)

test('what is closed while a job runs asks it to leave off, and leaves it to others', async () => {
  work = (_payload, { signal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(new TypeError('stopped'))))
  const nodeId = await start()
  await add('1')
  await expect.poll(() => ran).toHaveLength(1)
  await Promise.all(runners.map(runner => runner[Symbol.asyncDispose]()))
  expect(await stored()).toMatchObject([{ attempts: 1, locked_by: null }])
  expect(await rows.query('select from job_workers where node_id = $1', [nodeId])).toEqual([])
})
