import { randomBytes, randomInt, randomUUID } from 'node:crypto'
import { Client, escapeIdentifier } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../../tests/support/template-database.js'
import { findIsolationFaults, SYSTEM_TABLES, tenantColumnOf } from './isolation.js'

type Column = { name: string; type: string; kind: string; label: string | null; required: boolean }
type Planted = { table: string; tenant: string; columns: Column[]; before: unknown }

const COLUMNS = `
  select a.attname as name, t.typname as type, t.typtype as kind,
    (select enumlabel from pg_enum where enumtypid = t.oid order by enumsortorder limit 1) as label,
    a.attidentity = '' and a.attgenerated = '' as required
  from pg_attribute a join pg_type t on t.oid = a.atttypid
  where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum`

/** Checks and triggers would ask for values that only a domain knows; this database is a copy, and only row level security is on trial. */
const DROP_CHECKS = `
  do $$ declare found record; begin
    for found in select conrelid::regclass as relation, conname from pg_constraint
      where connamespace = 'whizlite'::regnamespace and contype = 'c'
    loop execute format('alter table %s drop constraint %I', found.relation, found.conname); end loop;
  end $$`

const A = randomUUID()
const B = randomUUID()
const quote = escapeIdentifier

let opened: TestDatabase
let owner: Client
let app: Client
let tables: string[]
let planted: Planted[]

beforeAll(async () => {
  opened = await openTestDatabase()
  owner = new Client(opened.ownerUrl)
  app = new Client(opened.appUrl)
  await owner.connect()
  await app.connect()
  await app.query('set search_path to whizlite')
  const { rows } = await owner.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'whizlite'::regnamespace and relkind in ('r', 'p') order by 1`,
  )
  tables = rows.map(row => row.name)
  await owner.query(DROP_CHECKS)
  await owner.query('set session_replication_role = replica')
  planted = []
  for (const table of tables.filter(name => !SYSTEM_TABLES.has(name))) planted.push(await plant(table))
})
afterAll(async () => {
  await app.end()
  await owner.end()
  await opened[Symbol.asyncDispose]()
})

async function plant(table: string): Promise<Planted> {
  const { rows: columns } = await owner.query<Column>(COLUMNS, [`whizlite.${quote(table)}`])
  const tenant = tenantColumnOf(table)
  for (const workspace of [A, B]) await insert(owner, { table, tenant, columns, before: null }, workspace)
  return { table, tenant, columns, before: await rowsOf(table, tenant, A) }
}

async function insert(client: Client, { table, tenant, columns }: Planted, workspace: string): Promise<number> {
  const filled = columns.filter(column => column.required)
  const values = filled.map(column => (column.name === tenant ? workspace : valueFor(column)))
  const { rowCount } = await client.query(
    `insert into ${quote(table)} (${filled.map(column => quote(column.name)).join(', ')})
     values (${values.map((_, index) => `$${index + 1}`).join(', ')})`,
    values,
  )
  return rowCount ?? 0
}

function valueFor({ type, kind, label }: Column): unknown {
  if (kind === 'e') return label
  if (type.startsWith('_')) return []
  switch (type) {
    case 'uuid':
      return randomUUID()
    case 'text':
    case 'varchar':
      return randomBytes(8).toString('hex')
    case 'bytea':
      return randomBytes(8)
    case 'bool':
      return true
    case 'int2':
    case 'int4':
    case 'int8':
    case 'numeric':
    case 'float8':
      return randomInt(1, 30_000)
    case 'timestamptz':
    case 'date':
      return new Date()
    case 'json':
    case 'jsonb':
      return '{}'
    case 'inet':
      return '127.0.0.1'
    case 'interval':
      return '1 second'
    default:
      throw new Error(`This test cannot make a value of type ${type}: teach it.`)
  }
}

async function rowsOf(table: string, tenant: string, workspace: string): Promise<unknown> {
  const { rows } = await owner.query(`select to_jsonb(t) as row from ${quote(table)} t where ${quote(tenant)} = $1`, [
    workspace,
  ])
  return rows
}

/** Runs one statement as the app role in its own transaction, which is then taken back. */
async function as(workspace: string | null, statement: (client: Client) => Promise<number>): Promise<number | string> {
  await app.query('begin')
  try {
    if (workspace !== null) await app.query(`select set_config('app.workspace', $1, true)`, [workspace])
    return await statement(app)
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  } finally {
    await app.query('rollback')
  }
}

const count =
  (sql: string, values: unknown[] = []) =>
  async (client: Client) =>
    (await client.query(sql, values)).rowCount ?? 0

test('every table is a known system table or is fully protected', async () => {
  expect(await findIsolationFaults(owner)).toEqual([])
  expect(tables).toEqual(expect.arrayContaining([...SYSTEM_TABLES]))
})

describe('a tenant cannot reach the rows of another', () => {
  const FORBIDDEN = '42501'

  test('planting worked: both tenants have a row in every tenant table', async () => {
    expect(planted.length).toBeGreaterThan(5)
    for (const { table, tenant } of planted) {
      expect([table, await rowsOf(table, tenant, A), await rowsOf(table, tenant, B)]).toEqual([
        table,
        [expect.anything()],
        [expect.anything()],
      ])
    }
  })

  test('its own rows are within reach', async () => {
    for (const { table, tenant } of planted) {
      expect([table, await as(B, count(`select from ${quote(table)} where ${quote(tenant)} = $1`, [B]))]).toEqual([
        table,
        1,
      ])
    }
  })

  for (const [name, scope] of [
    ['as another tenant', B],
    ['without a tenant', null],
  ] as const) {
    const outcomes = async (attempt: (target: Planted) => Promise<number | string>) => {
      const found: Record<string, number | string> = {}
      for (const target of planted) found[target.table] = await attempt(target)
      return found
    }
    const everywhere = (outcome: number | string) => Object.fromEntries(planted.map(({ table }) => [table, outcome]))
    const own = scope === null ? 0 : 1

    test(`select ${name}`, async () => {
      const foreign = await outcomes(({ table, tenant }) =>
        as(scope, count(`select from ${quote(table)} where ${quote(tenant)} = $1`, [A])),
      )
      const all = await outcomes(({ table }) => as(scope, count(`select from ${quote(table)}`)))
      expect([foreign, all]).toEqual([everywhere(0), everywhere(own)])
    })

    test(`insert ${name}`, async () => {
      const added = await outcomes(target => as(scope, client => insert(client, target, A)))
      expect(added).toEqual(everywhere(FORBIDDEN))
    })

    test(`update ${name}`, async () => {
      const touched = await outcomes(({ table, tenant }) =>
        as(scope, count(`update ${quote(table)} set ${quote(tenant)} = $1 where ${quote(tenant)} = $1`, [A])),
      )
      const givenAway = await outcomes(({ table, tenant }) =>
        as(scope, count(`update ${quote(table)} set ${quote(tenant)} = $1`, [A])),
      )
      expect([touched, givenAway]).toEqual([everywhere(0), everywhere(scope === null ? 0 : FORBIDDEN)])
    })

    test(`delete and truncate ${name}`, async () => {
      const removed = await outcomes(({ table, tenant }) =>
        as(scope, count(`delete from ${quote(table)} where ${quote(tenant)} = $1`, [A])),
      )
      const emptied = await outcomes(({ table }) => as(scope, count(`truncate ${quote(table)} cascade`)))
      expect([removed, emptied]).toEqual([everywhere(0), everywhere(FORBIDDEN)])
    })
  }

  test('and after all that its rows are as they were', async () => {
    for (const { table, tenant, before } of planted) {
      expect([table, await rowsOf(table, tenant, A)]).toEqual([table, before])
    }
  })
})

describe('the check of the catalogue finds', () => {
  const SCOPED = `workspace_id = nullif(current_setting('app.workspace', true), '')::uuid`
  const forced = `create table leak (workspace_id uuid not null, id uuid, primary key (workspace_id, id));
    alter table leak enable row level security; alter table leak force row level security;`
  const cases: [string, string, string][] = [
    ['a table without tenant', 'create table leak (id uuid primary key)', 'no workspace_id'],
    ['a table without row level security', 'create table leak (workspace_id uuid)', 'does not force'],
    [
      'a table its owner could read',
      'create table leak (workspace_id uuid); alter table leak enable row level security',
      'does not force',
    ],
    ['a table without policy', forced, 'Table leak has no policy'],
    ['a policy without USING', `${forced} create policy p on leak using (true) with check (${SCOPED})`, 'no USING'],
    [
      'a policy without WITH CHECK',
      `${forced} create policy p on leak using (${SCOPED}) with check (true)`,
      'no WITH CHECK',
    ],
    [
      'a policy that opens without a tenant',
      `${forced} create policy p on leak using (current_setting('app.workspace', true) is null or ${SCOPED}) with check (${SCOPED})`,
      'no USING',
    ],
    [
      'a second policy that opens more',
      `${forced} create policy p on leak using (${SCOPED}) with check (${SCOPED}); create policy q on leak for select using (true)`,
      'Policy q on leak has no USING',
    ],
    [
      'a key that spans tenants',
      `${forced} create policy p on leak using (${SCOPED}) with check (${SCOPED}); create unique index leak_key on leak (id)`,
      'Key leak_key on leak',
    ],
    ["a view with its owner's rights", 'create view leak as select * from people', 'View leak reads with its owner'],
    [
      'a definer function without search path',
      `create function leak() returns bigint language sql security definer as 'select count(*) from whizlite.people'`,
      'Function leak',
    ],
  ]
  test.each(cases)('%s', async (_, statement, fault) => {
    await owner.query('begin')
    try {
      await owner.query(`set local search_path to whizlite; ${statement}`)
      expect((await findIsolationFaults(owner)).join(' ')).toContain(fault)
    } finally {
      await owner.query('rollback')
    }
  })
})
