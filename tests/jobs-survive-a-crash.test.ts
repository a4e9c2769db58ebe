import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { GatewayProcess } from './support/gateway-process.js'
import { Rows } from './support/rows.js'
import { cloneDatabase, type ClonedDatabase } from './support/template-database.js'

let database: ClonedDatabase
let rows: Rows
let dataDir: string
let env: Record<string, string>

beforeAll(async () => {
  database = await cloneDatabase()
  rows = new Rows(database.ownerUrl)
  dataDir = mkdtempSync(join(tmpdir(), 'whizlite-jobs-'))
  env = {
    NODE_ENV: 'test',
    PORT: '0',
    LOG_LEVEL: 'debug',
    DATA_DIR: dataDir,
    DATABASE_URL: database.ownerUrl,
    WHATSAPP_SESSION_SECRET: randomBytes(32).toString('hex'),
  }
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await database.drop()
  rmSync(dataDir, { recursive: true, force: true })
})

/** A session whose owner is to be told that it expires. */
async function expiringSession(): Promise<string> {
  const [workspace] = await rows.query<{ id: string }>('select id from workspaces')
  const [personId, sessionId] = [randomUUID(), randomUUID()]
  await rows.query(`insert into people (workspace_id, id, phone_number) values ($1, $2, '254700000001')`, [
    workspace?.id,
    personId,
  ])
  await rows.query(
    `insert into sessions (workspace_id, id, person_id, mode, state, phone_number, created_at, connected_at)
     values ($1, $2, $3, 'managed', 'disconnected', '254700000001', now() - interval '90 days', now() - interval '28 days')`,
    [workspace?.id, sessionId, personId],
  )
  return sessionId
}

const metric = async (url: string, name: string) =>
  (await (await fetch(`${url}/metrics`)).text()).split('\n').find(line => line.startsWith(name))

test('a node that is killed in the middle of a job leaves it to another, which does it once', async () => {
  await using first = new GatewayProcess(env)
  await first.ready()
  const sessionId = await expiringSession()
  // holds the job up as it is about to tell the owner
  const lock = new pg.Client(database.ownerUrl)
  await lock.connect()
  await lock.query('begin')
  await lock.query('select from event_counters for update')
  await lock.query(
    'insert into event_counters (workspace_id, last_seq) select id, 0 from workspaces on conflict do nothing',
  )
  await rows.query(`select whizlite_jobs.add_job('session-cleanup')`)
  await rows.waitFor(
    `select from whizlite_jobs.jobs j join job_workers w on w.id = j.locked_by where task_identifier = 'workspace-cleanup'`,
  )
  await rows.waitFor(
    `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%event_counters%'`,
  )

  await using second = new GatewayProcess(env)
  const url = await second.ready()
  await first.kill()
  await lock.query('rollback')
  await lock.end()

  await second.log.waitFor(line => line.event === 'lost_jobs_freed', 30_000, 'freed')
  const done = (line: { event: string; code?: unknown }) =>
    line.event === 'cleaned_up' && line.code === 'sessions_expiring_told'
  await second.log.waitFor(done, 30_000, 'told')
  await expect.poll(() => rows.query('select from whizlite_jobs.jobs')).toEqual([])
  const told = await rows.query(`select from event_log where session_id = $1 and event = 'session_notice'`, [sessionId])
  expect(told).toHaveLength(1)
  // the hour may strike meanwhile
  expect(await metric(url, 'whizlite_job_tries_total{job="workspace-cleanup",outcome="done"}')).toMatch(/ [1-9]\d*$/)
})

test('a node without the role leaves jobs alone, and one with nothing else does them and serves no page', async () => {
  await using pages = new GatewayProcess({ ...env, ROLES: 'api' })
  const start = await fetch(`${await pages.ready()}/api/sessions/start`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })
  expect([start.status, await start.json()]).toEqual([503, expect.objectContaining({ code: 'linking_closed' })])
  await rows.query(`select whizlite_jobs.add_job('session-cleanup')`)
  await using worker = new GatewayProcess({ ...env, ROLES: 'jobs' })
  const url = await worker.ready()
  await expect.poll(() => rows.query('select from whizlite_jobs.jobs'), { timeout: 20_000 }).toEqual([])
  expect(await metric(url, 'whizlite_job_tries_total{job="session-cleanup",outcome="done"}')).toMatch(/ [1-9]\d*$/)
  const statuses = await Promise.all(
    ['/', '/openapi.json', '/api/sessions/start', '/health', '/health/ready'].map(
      async path => (await fetch(url + path)).status,
    ),
  )
  expect(statuses).toEqual([404, 404, 404, 200, 200])
})
