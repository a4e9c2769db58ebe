import { Client, escapeIdentifier as quote } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { insertInto, places, type PlantedTable, plantScene } from '../../../tests/support/tenant-scene.js'
import { openTestDatabase, type TestDatabase } from '../../../tests/support/template-database.js'
import { tenantColumnOf } from './policy-forms.js'

/** What row level security costs whoever acts for a workspace itself, as the engine does with every message: no look at another table. */

type Node = { 'Subplan Name'?: string; 'Actual Loops': number; Plans?: Node[] }

let opened: TestDatabase
let owner: Client
let app: Client
let followers: PlantedTable[]

beforeAll(async () => {
  opened = await openTestDatabase()
  owner = new Client(opened.ownerUrl)
  app = new Client(opened.appUrl)
  await owner.connect()
  await app.connect()
  await app.query('set search_path to whizlite')
  const planted = await plantScene(owner)
  const { rows } = await owner.query<{ table: string }>(`
    select c.relname as "table" from pg_policy p join pg_class c on c.oid = p.polrelid
    where p.polpermissive and pg_get_expr(p.polqual, p.polrelid) like '%EXISTS%'`)
  followers = planted.filter(
    ({ table, sample }) => sample.hangsOn === 'session' && rows.some(row => row.table === table),
  )
})
afterAll(async () => {
  await app.end()
  await owner.end()
  await opened[Symbol.asyncDispose]()
})

const subplansOf = (node: Node): Node[] => [
  ...(node['Subplan Name'] === undefined ? [] : [node]),
  ...(node.Plans ?? []).flatMap(subplansOf),
]

/** How often each plan of a policy's own was run. A statement that a foreign key or a unique key refuses has passed the policies. */
async function policyRuns(text: string, values: unknown[], userId: string): Promise<number[]> {
  await app.query('begin')
  try {
    await app.query(`select set_config('app.workspace', $1, true), set_config('app.user', $2, true)`, [
      places.private.workspaceId,
      userId,
    ])
    const { rows } = await app.query<{ 'QUERY PLAN': [{ Plan: Node }] }>(
      `explain (analyze, format json) ${text}`,
      values,
    )
    const plan = rows[0]?.['QUERY PLAN'][0].Plan
    return plan === undefined ? [] : subplansOf(plan).map(node => node['Actual Loops'])
  } finally {
    await app.query('rollback')
  }
}

function statements(target: PlantedTable): [string, unknown[]][] {
  const table = quote(target.table)
  const tenant = quote(tenantColumnOf(target.table))
  const row = target.rows.get('private') ?? ''
  const insert = insertInto(target, 'private')
  return [
    [`select * from ${table} where ctid = $1`, [row]],
    [`update ${table} set ${tenant} = ${tenant} where ctid = $1`, [row]],
    [`delete from ${table} where ctid = $1`, [row]],
    [`${insert.text} on conflict do nothing`, insert.values],
  ]
}

test('a table that hangs on sessions is one of those tried here', () => {
  expect(followers.map(({ table }) => table)).toEqual(
    expect.arrayContaining(['signal_keys', 'session_credentials', 'outbox_messages', 'inbound_journal', 'event_log']),
  )
})

test('without a member no policy looks at another table, whatever is asked', async () => {
  // checks of foreign keys are no part of the plan, and would refuse rows that hang on nothing
  await owner.query(`
    do $$ declare found record; begin
      for found in select conrelid::regclass as relation, conname from pg_constraint
        where connamespace = 'whizlite'::regnamespace and contype = 'f'
      loop execute format('alter table %s drop constraint %I', found.relation, found.conname); end loop;
    end $$`)
  const ran: string[] = []
  let plans = 0
  for (const target of followers) {
    for (const [text, values] of statements(target)) {
      const runs = await policyRuns(text, values, '')
      plans += runs.length
      if (runs.some(loops => loops > 0)) ran.push(text)
    }
  }
  expect(ran).toEqual([])
  expect(plans).toBeGreaterThan(followers.length)
})

test('for a member it does', async () => {
  for (const target of followers) {
    const [[text, values] = ['', []]] = statements(target)
    const runs = await policyRuns(text, values, places.shown.ownerId)
    expect([target.table, Math.max(0, ...runs)]).toEqual([target.table, 1])
  }
})
