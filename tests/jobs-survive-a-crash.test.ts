import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { ProcessRig } from './support/process-rig.js'
import { Rows } from './support/rows.js'

let rig: ProcessRig

beforeAll(async () => {
  rig = await ProcessRig.open({ LOG_LEVEL: 'debug' })
  // the clock has had its turn until tomorrow: jobs are those of the test
  await rig.rows.query(
    `insert into whizlite_jobs._private_known_crontabs (identifier, known_since, last_execution)
     values ('session-cleanup', now(), now() + interval '1 day')`,
  )
})

afterEach(() => rig.kill())

afterAll(() => rig[Symbol.asyncDispose]())

/** A session whose owner is to be told that it expires. */
async function expiringSession(): Promise<string> {
  const [workspace] = await rig.rows.query<{ id: string }>('select id from workspaces')
  const [personId, sessionId] = [randomUUID(), randomUUID()]
  await rig.rows.query(`insert into people (workspace_id, id, phone_number) values ($1, $2, '254700000001')`, [
    workspace?.id,
    personId,
  ])
  await rig.rows.query(
    `insert into sessions (workspace_id, id, person_id, mode, state, phone_number, created_at, connected_at)
     values ($1, $2, $3, 'managed', 'disconnected', '254700000001', now() - interval '90 days', now() - interval '28 days')`,
    [workspace?.id, sessionId, personId],
  )
  return sessionId
}

const metric = async (url: string, name: string) =>
  (await (await fetch(`${url}/metrics`)).text()).split('\n').find(line => line.startsWith(name))

test('a node that is killed in the middle of a job leaves it to another, which does it once', async () => {
  const first = await rig.start()
  const sessionId = await expiringSession()
  // holds the job up as it is about to tell the owner
  await using lock = new Rows(rig.database.ownerUrl)
  await lock.query('begin')
  await lock.query('select from event_counters for update')
  await lock.query(
    'insert into event_counters (workspace_id, last_seq) select id, 0 from workspaces on conflict do nothing',
  )
  await rig.rows.query(`select whizlite_jobs.add_job('session-cleanup')`)
  await rig.rows.waitFor(
    `select from whizlite_jobs.jobs j join job_workers w on w.id = j.locked_by where task_identifier = 'workspace-cleanup'`,
  )
  await rig.rows.waitFor(
    `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%event_counters%'`,
  )

  const second = await rig.start()
  await first.kill()
  await lock.query('rollback')

  await second.log.waitFor(line => line.event === 'lost_jobs_freed', 30_000, 'freed')
  const done = (line: { event: string; code?: unknown }) =>
    line.event === 'cleaned_up' && line.code === 'sessions_expiring_told'
  await second.log.waitFor(done, 30_000, 'told')
  await expect.poll(() => rig.rows.query('select from whizlite_jobs.jobs')).toEqual([])
  const told = await rig.rows.query(`select from event_log where session_id = $1 and event = 'session_notice'`, [
    sessionId,
  ])
  expect(told).toHaveLength(1)
  expect(await metric(second.url, 'whizlite_job_tries_total{job="workspace-cleanup",outcome="done"}')).toMatch(/ 1$/)
})

test('a node without the role leaves jobs alone, and one with nothing else does them and serves no page', async () => {
  const pages = await rig.start({ ROLES: 'api' })
  const start = await fetch(`${pages.url}/api/sessions/start`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })
  expect([start.status, await start.json()]).toEqual([503, expect.objectContaining({ code: 'linking_closed' })])
  await rig.rows.query(`select whizlite_jobs.add_job('session-cleanup')`)
  const { url } = await rig.start({ ROLES: 'jobs' })
  await expect.poll(() => rig.rows.query('select from whizlite_jobs.jobs'), { timeout: 20_000 }).toEqual([])
  expect(await metric(url, 'whizlite_job_tries_total{job="session-cleanup",outcome="done"}')).toMatch(/ 1$/)
  const statuses = await Promise.all(
    ['/', '/openapi.json', '/api/sessions/start', '/health', '/health/ready'].map(
      async path => (await fetch(url + path)).status,
    ),
  )
  expect(statuses).toEqual([404, 404, 404, 200, 200])
})
