import { Client, escapeIdentifier as quote } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { insertInto, places, type PlantedTable, plantScene } from '../../../tests/support/tenant-scene.js'
import { openTestDatabase, type TestDatabase } from '../../../tests/support/template-database.js'
import { tenantColumnOf } from './policy-forms.js'

/** What row level security costs whoever acts for a workspace itself, as the engine does with every message: no look at another table. */

let opened: TestDatabase
let owner: Client
let app: Client
let followers: PlantedTable[]

/** From here on whoever asks them hears of it, and checks of foreign keys, which would refuse rows that hang on nothing, are away. */
const WATCHED = `
  do $$ declare found record; begin
    for found in select oid::regprocedure as signature, proname from pg_proc
      where pronamespace = 'whizlite'::regnamespace and proname like 'sees\\_%'
    loop
      execute format('create or replace function %I(%s) returns boolean language plpgsql stable as %L', found.proname,
        (select pg_get_function_identity_arguments(found.signature::oid)), 'begin raise exception using errcode = ''ASKED''; end');
    end loop;
    for found in select conrelid::regclass as relation, conname from pg_constraint
      where connamespace = 'whizlite'::regnamespace and contype = 'f'
    loop execute format('alter table %s drop constraint %I', found.relation, found.conname); end loop;
  end $$`

beforeAll(async () => {
  opened = await openTestDatabase()
  owner = new Client(opened.ownerUrl)
  app = new Client(opened.appUrl)
  await owner.connect()
  await app.connect()
  await app.query('set search_path to whizlite')
  followers = (await plantScene(owner)).filter(
    ({ table, sample }) => sample.hangsOn === 'session' && table !== 'sessions',
  )
  await owner.query(WATCHED)
})
afterAll(async () => {
  await app.end()
  await owner.end()
  await opened[Symbol.asyncDispose]()
})

/** @returns `asked` when a policy looked at another table; else the plan, as far as it has parts for that */
async function outcomeOf(text: string, values: unknown[], userId: string): Promise<string> {
  await app.query('begin')
  try {
    await app.query(`select set_config('app.workspace', $1, true), set_config('app.user', $2, true)`, [
      places.private.workspaceId,
      userId,
    ])
    const { rows } = await app.query<{ 'QUERY PLAN': string }>(`explain (analyze) ${text}`, values)
    const plan = rows.map(row => row['QUERY PLAN']).join('\n')
    return /SubPlan|InitPlan/.test(plan) ? plan : 'nothing'
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ASKED') return 'asked'
    throw error
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

const outcomes = async (userId: string): Promise<Map<string, string>> => {
  const found = new Map<string, string>()
  for (const target of followers) {
    for (const [text, values] of statements(target)) found.set(text, await outcomeOf(text, values, userId))
  }
  return found
}

test('without a member no policy looks at another table, and no plan has a part for it, whatever is asked', async () => {
  const found = await outcomes('')
  expect([...found].filter(([, outcome]) => outcome !== 'nothing')).toEqual([])
  expect(found.size).toBe(followers.length * 4)
})

test('for a member it does', async () => {
  const found = await outcomes(places.private.ownerId)
  expect([...found].filter(([, outcome]) => outcome !== 'asked')).toEqual([])
})
