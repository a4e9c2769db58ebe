import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TenantRig } from '../../../tests/support/tenant-rig.js'
import type { AuditQuery } from '../../contract/audit.js'
import { auditRows, readAudit } from './read-audit.js'

const many = 30_000
const target = randomUUID()
const owner = randomUUID()

let rig: TenantRig
let app: Client

beforeAll(async () => {
  rig = await TenantRig.open()
  app = new Client(rig.clone.appUrl)
  await app.connect()
  await rig.rows.query(`insert into app_users (workspace_id, id, name, role) values ($1, $2, 'Owner', 'owner')`, [
    rig.workspaceId,
    owner,
  ])
  await rig.rows.query('set session_replication_role = replica')
  await rig.rows.query(
    `insert into audit_log (workspace_id, entry, seq, at, hash)
     select $1, jsonb_build_object('action', case when n % 1000 = 7 then 'session.delete' else 'session.connect' end,
         'result', 'done', 'by', 'system', 'target', case when n % 3000 = 7 then $2::text else gen_random_uuid()::text end),
       n, now() - make_interval(mins => $3 - n), ''
     from generate_series(1, $3) as n`,
    [rig.workspaceId, target, many],
  )
  await rig.rows.query('set session_replication_role = origin')
  await rig.rows.query('analyze audit_log')
})
afterAll(async () => {
  await app.end()
  await rig[Symbol.asyncDispose]()
})

const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString()

/** How the app role finds what it is asked for, for an owner, whose rights row level security looks up with every row. */
async function plan(query: AuditQuery): Promise<string> {
  const { tenants, workspaceId } = rig
  const { sql: text, parameters } = await tenants.read({ workspaceId, userId: owner }, tx =>
    Promise.resolve(auditRows(tx, query).compile()),
  )
  await app.query('begin read only')
  try {
    await app.query(
      `select set_config('app.workspace', $1, true), set_config('app.user', $2, true),
       set_config('search_path', 'whizlite', true)`,
      [workspaceId, owner],
    )
    const { rows } = await app.query<{ 'QUERY PLAN': string }>(`explain ${text}`, [...parameters])
    return rows.map(row => row['QUERY PLAN']).join('\n')
  } finally {
    await app.query('rollback')
  }
}

test.each<[string, AuditQuery, string, string]>([
  ['an action', { action: 'session.delete' }, 'audit_log_of_action', 'action'],
  ['a target', { target }, 'audit_log_of_target', 'target'],
  ['a time long ago', { since: hoursAgo(480), until: hoursAgo(479) }, 'audit_log_by_time', 'at'],
])('entries of %s are found by an index, under row level security', async (_, query, index, column) => {
  const found = await plan(query)
  expect(found).toContain(index)
  expect(found).toMatch(new RegExp(`Index Cond: .*\\b${column}\\b`))
  expect(found).not.toContain('Seq Scan on audit_log')
})

test('filters find what they say, alone and together', async () => {
  const count = async (query: AuditQuery) =>
    (
      await rig.tenants.read({ workspaceId: rig.workspaceId, userId: owner }, tx =>
        readAudit(tx, { limit: 200, ...query }),
      )
    ).entries.length
  expect(await count({ action: 'session.delete' })).toBe(30)
  expect(await count({ target })).toBe(10)
  expect(await count({ target, action: 'session.connect' })).toBe(0)
  expect(await count({ action: 'session.delete', since: hoursAgo(17) })).toBe(1)
})
