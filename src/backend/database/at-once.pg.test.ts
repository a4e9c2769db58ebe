import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TcpProxy } from '../../../tests/support/tcp-proxy.js'
import { openTestDatabase, type TestDatabase } from '../../../tests/support/template-database.js'
import { WorkspaceId } from '../../contract/ids.js'
import { type Database, openDatabase } from './database.js'
import { prepareStatement } from './prepared-statement.js'
import { createTenants, type Tenants, type TenantScope } from './tenant-transaction.js'

let opened: TestDatabase
let admin: Client
/** Of one connection, so that whatever it keeps meets the next one. */
let database: Database
let tenants: Tenants
const here: TenantScope = { workspaceId: WorkspaceId.parse(randomUUID()) }
const there: TenantScope = { workspaceId: WorkspaceId.parse(randomUUID()) }

const names = prepareStatement(db => db.selectFrom('app_users').select(['name', 'workspace_id']).orderBy('name'))
const named = prepareStatement((db, { name }: { name: string }) =>
  db.selectFrom('app_users').select(['name', 'created_at', 'suspended_at']).where('name', '=', name),
)
const add = prepareStatement((db, { workspace, name }: { workspace: string; name: string }) =>
  db.insertInto('app_users').values({ workspace_id: workspace, name }).returning('name'),
)
const renamed = prepareStatement((db, { from, to }: { from: string; to: string }) =>
  db.updateTable('app_users').set({ name: to }).where('name', '=', from).returning('name'),
)
const fails = prepareStatement((db, { number }: { number: string }) =>
  db.selectFrom('app_users').select(sql`1 / ${number}::int`.as('one')),
)
const settings = prepareStatement(db =>
  db
    .selectFrom(sql<{ one: number }>`(select 1 as one)`.as('one'))
    .select(sql<string>`current_setting('app.workspace', true)`.as('workspace'))
    .select(sql<string>`current_setting('app.user', true)`.as('user'))
    .select(sql<string>`current_setting('transaction_read_only')`.as('readOnly'))
    .select(sql<string>`current_setting('statement_timeout')`.as('timeout')),
)

beforeAll(async () => {
  opened = await openTestDatabase()
  database = openDatabase({ url: opened.appUrl, max: 1, connectTimeoutMs: 2_000 })
  tenants = createTenants(database)
  admin = new Client(opened.ownerUrl)
  await admin.connect()
  for (const [scope, name] of [
    [here, 'Here'],
    [there, 'There'],
  ] as const) {
    await tenants.transact(scope, tx =>
      tx.db.insertInto('workspaces').values({ id: scope.workspaceId, name, slug: name.toLowerCase() }).execute(),
    )
    await tenants.writeAtOnce(scope, add({ workspace: scope.workspaceId, name }))
  }
})
afterAll(async () => {
  await admin.end()
  await database.close()
  await opened[Symbol.asyncDispose]()
})

const namesOf = async (scope: TenantScope) => (await tenants.readAtOnce(scope, names({})))[0].map(({ name }) => name)

/** What the one connection holds outside of any transaction, as whoever has it next finds it. */
const leftOver = async () => {
  const [row] = await database.ask<{ workspace: string | null; user: string | null; timeout: string; path: string }>(
    `select current_setting('app.workspace', true) as workspace, current_setting('app.user', true) as user,
       current_setting('statement_timeout') as timeout, current_setting('search_path') as path`,
    [],
  )
  return row
}
const nothingLeft = { workspace: expect.toBeOneOf(['', null]), user: expect.toBeOneOf(['', null]), timeout: '0' }

test('each statement answers with its rows, in the types that the schema gives them', async () => {
  const [all, one, none] = await tenants.readAtOnce(here, names({}), named({ name: 'Here' }), named({ name: 'x' }))
  expect(all).toEqual([{ name: 'Here', workspace_id: here.workspaceId }])
  expect(one).toEqual([{ name: 'Here', created_at: expect.any(Date), suspended_at: null }])
  expect(none).toEqual([])
})

test('a connection that served one tenant shows the next one their own rows alone', async () => {
  for (let turn = 0; turn < 8; turn++) {
    expect(await namesOf(here)).toEqual(['Here'])
    expect(await namesOf(there)).toEqual(['There'])
  }
  expect(await leftOver()).toMatchObject(nothingLeft)
})

test('a member is set with the workspace, and gone with the next', async () => {
  const userId = randomUUID()
  const [[asMember]] = await tenants.readAtOnce({ ...here, userId }, settings({}))
  expect(asMember).toMatchObject({
    workspace: here.workspaceId,
    user: userId,
    readOnly: 'on',
    timeout: expect.stringMatching(/^[1-9]\d*m?s$/),
  })
  const [[without]] = await tenants.readAtOnce(there, settings({}))
  expect(without).toMatchObject({ workspace: there.workspaceId, user: '' })
})

test('a statement that fails takes those before it with it, and leaves nothing behind', async () => {
  const failing = tenants.writeAtOnce(here, renamed({ from: 'Here', to: 'Gone' }), fails({ number: '0' }))
  await expect(failing).rejects.toMatchObject({ code: 'database_refused', sqlState: '22012' })
  expect(await leftOver()).toMatchObject(nothingLeft)
  expect(await namesOf(there)).toEqual(['There'])
  expect(await namesOf(here)).toEqual(['Here'])
  // the same statements, which the connection may know by now or not
  const [, rows] = await tenants.writeAtOnce(here, renamed({ from: 'x', to: 'y' }), fails({ number: '1' }))
  expect(rows).toEqual([{ one: 1 }])
})

test('so does one that the commit fails at', async () => {
  await admin.query(`
    create function refuse() returns trigger language plpgsql as 'begin raise exception using errcode = ''23514''; end';
    create constraint trigger refuse after insert on app_users deferrable initially deferred
      for each row when (new.name = 'Refused') execute function refuse()`)
  const adding = tenants.writeAtOnce(here, add({ workspace: here.workspaceId, name: 'Refused' }))
  await expect(adding).rejects.toMatchObject({ code: 'database_refused', sqlState: '23514' })
  expect(await namesOf(here)).toEqual(['Here'])
  expect(await leftOver()).toMatchObject(nothingLeft)
})

test('nobody writes another tenant’s row, nor writes at all where they only read', async () => {
  const foreign = tenants.writeAtOnce(here, add({ workspace: there.workspaceId, name: 'Foreign' }))
  await expect(foreign).rejects.toMatchObject({ code: 'database_refused', sqlState: '42501' })
  const unread = tenants.readAtOnce(here, renamed({ from: 'Here', to: 'Gone' }))
  await expect(unread).rejects.toMatchObject({ code: 'database_refused', sqlState: '25006' })
  expect(await namesOf(there)).toEqual(['There'])
})

test('many at once share the connection, each as its own tenant', async () => {
  const asked = Array.from({ length: 60 }, (_, index) => (index % 3 === 0 ? there : here))
  const found = await Promise.all(asked.map(scope => namesOf(scope)))
  expect(found).toEqual(asked.map(scope => [scope === here ? 'Here' : 'There']))
})

test('what one scope asks meanwhile goes together, and one that is refused takes nobody with it', async () => {
  const numbered = prepareStatement((db, { name }: { name: string }) =>
    db
      .updateTable('app_users')
      .set({ name })
      .where('name', '=', name)
      .returning(sql<string>`pg_current_xact_id()::text`.as('transaction')),
  )
  const writes = Array.from({ length: 20 }, () => tenants.writeAtOnce(here, numbered({ name: 'Here' })))
  const transactions = (await Promise.all(writes)).map(([[row]]) => row?.transaction)
  expect(transactions).not.toContain(undefined)
  expect(new Set(transactions).size).toBe(1)

  const mixed = Array.from({ length: 12 }, (_, turn) =>
    turn === 5
      ? tenants.writeAtOnce(here, renamed({ from: 'Here', to: 'Gone' }), fails({ number: '0' }))
      : tenants.writeAtOnce(here, numbered({ name: 'Here' })),
  )
  const settled = await Promise.allSettled(mixed)
  expect(settled.flatMap(({ status }, turn) => (status === 'rejected' ? [turn] : []))).toEqual([5])
  expect(settled[5]).toMatchObject({ reason: { sqlState: '22012' } })
  expect(await namesOf(here)).toEqual(['Here'])
  expect(await leftOver()).toMatchObject(nothingLeft)
})

test('a deadlock is tried again', async () => {
  await admin.query(`insert into whizlite.app_users (workspace_id, name) values ($1, 'One'), ($1, 'Two')`, [
    here.workspaceId,
  ])
  // one node's writes of one scope wait for each other
  const another = openDatabase({ url: opened.appUrl, max: 1 })
  try {
    const other = createTenants(another)
    const rename = (from: string) => renamed({ from, to: from })
    const both = Array.from({ length: 10 }, () => [
      tenants.writeAtOnce(here, rename('One'), rename('Two')),
      other.writeAtOnce(here, rename('Two'), rename('One')),
    ])
    expect(await Promise.all(both.flat())).toHaveLength(20)
  } finally {
    await another.close()
  }
})

test('a line that is cut is told, certain for what only reads, and the next one has another', async () => {
  const proxy = await TcpProxy.open(opened.appUrl)
  const cut = openDatabase({ url: proxy.through(opened.appUrl), max: 1, connectTimeoutMs: 2_000 })
  let lost = 0
  try {
    const through = createTenants(cut, () => lost++)
    const pause = prepareStatement(db => db.selectFrom('app_users').select(sql`pg_sleep(30)`.as('slept')))
    const pauses = `select from pg_stat_activity where query like '%pg_sleep(30)%' and wait_event = 'PgSleep'`
    for (const [ask, certain] of [
      [() => through.readAtOnce(here, pause({})), true],
      [() => through.writeAtOnce(here, pause({})), false],
    ] as const) {
      const asked = expect(ask()).rejects.toMatchObject({ code: 'database_unavailable', certain })
      await expect.poll(async () => (await admin.query(pauses)).rowCount).toBe(1)
      proxy.cut()
      await asked
      await proxy.restore()
      expect((await through.readAtOnce(there, names({})))[0].map(({ name }) => name)).toEqual(['There'])
      await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'`)
    }
    expect(lost).toBe(2)
  } finally {
    await cut.close()
    await proxy[Symbol.asyncDispose]()
  }
})
