import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { TcpProxy } from '../../../tests/support/tcp-proxy.js'
import { openTestDatabase, type TestDatabase } from '../../../tests/support/template-database.js'
import { WorkspaceId } from '../../contract/ids.js'
import { openDatabase, type Database } from './database.js'
import { createTenants, type Tenants, type TenantScope } from './tenant-transaction.js'

let opened: TestDatabase
let admin: Client
let tenants: Tenants
const scope: TenantScope = { workspaceId: WorkspaceId.parse(randomUUID()) }

beforeAll(async () => {
  opened = await openTestDatabase()
  tenants = createTenants(opened.database)
  admin = new Client(opened.ownerUrl)
  await admin.connect()
  await tenants.transact(scope, tx =>
    tx.db.insertInto('workspaces').values({ id: scope.workspaceId, name: 'W', slug: 'w' }).execute(),
  )
})
afterAll(async () => {
  await admin.end()
  await opened[Symbol.asyncDispose]()
})

const addUser = (name: string, deadlineMs?: number): Promise<unknown> =>
  tenants
    .transact(
      scope,
      tx => tx.db.insertInto('app_users').values({ workspace_id: scope.workspaceId, name }).execute(),
      deadlineMs === undefined ? {} : { deadlineMs },
    )
    .catch((error: unknown) => error)

/** Work that PostgreSQL puts off until the commit: it holds the commit open long enough to do something to it. */
const LINGER = `
  create function linger() returns trigger language plpgsql as 'begin perform pg_sleep(30); return null; end';
  create constraint trigger linger after insert on app_users deferrable initially deferred
    for each row when (new.name like 'Slow%') execute function linger()`

test('a commit that is cut in the middle is told as uncertain', async () => {
  await admin.query(LINGER)
  const adding = addUser('Slow one')
  const cut = `select pg_terminate_backend(pid) from pg_stat_activity where query = 'commit' and wait_event = 'PgSleep'`
  await expect.poll(async () => (await admin.query(cut)).rowCount, { timeout: 10_000 }).toBe(1)
  expect(await adding).toMatchObject({ code: 'database_unavailable', certain: false })
})

test('so is one that does not answer before the deadline', async () => {
  expect(await addUser('Slow two', 500)).toMatchObject({ certain: false })
})

describe('who is told that the database is lost', () => {
  let lost = 0
  let database: Database
  let watched: Tenants

  beforeEach(() => {
    lost = 0
    database = openDatabase({ url: opened.appUrl, max: 1, connectTimeoutMs: 2_000 })
    watched = createTenants(database, () => lost++)
  })
  afterEach(() => database.close())

  const people = (deadlineMs = 10_000) =>
    watched.read(scope, tx => tx.db.selectFrom('people').select('id').execute(), { deadlineMs })

  test('nobody, when a transaction waits for a busy pool in vain', async () => {
    let release = () => {}
    const busy = watched.read(scope, () => new Promise<void>(resolve => (release = resolve)))
    await expect(people()).rejects.toMatchObject({ code: 'database_unavailable', reason: 'pool_busy' })
    release()
    await busy
    expect(lost).toBe(0)
  })

  test('nobody, when its own time is over before a connection comes, which then goes back to the pool', async () => {
    let release = () => {}
    const busy = watched.read(scope, () => new Promise<void>(resolve => (release = resolve)))
    await expect(people(100)).rejects.toMatchObject({ code: 'database_unavailable', deadlineMs: 100 })
    expect(database.use()).toEqual({ open: 1, idle: 0, waiting: 1 })
    release()
    await busy
    await expect.poll(() => database.use()).toEqual({ open: 1, idle: 1, waiting: 0 })
    await people()
    expect(lost).toBe(0)
  })

  // so may one that is only slow to let somebody in; a lost one the node's own lease finds sooner, see node-lease.pg.test.ts
  test('nobody, when a database that says nothing does not take a connection in time', async () => {
    await using line = await TcpProxy.open(opened.appUrl)
    line.stall()
    await using silent = openDatabase({ url: line.through(opened.appUrl) })
    const asked = createTenants(silent, () => lost++).read(scope, async () => {}, { deadlineMs: 300 })
    await expect(asked).rejects.toMatchObject({ code: 'database_unavailable', deadlineMs: 300 })
    expect(lost).toBe(0)
    line.cut()
  })

  test('nobody, when a statement or a transaction takes longer than it was given', async () => {
    await admin.query('begin; lock table people in access exclusive mode')
    await expect(people(300)).rejects.toMatchObject({ code: 'database_unavailable' })
    const slow = watched.read(scope, async tx => {
      await sql`set local statement_timeout = 100`.execute(tx.db)
      await sql`select pg_sleep(30)`.execute(tx.db)
    })
    await expect(slow).rejects.toMatchObject({ reason: '57014' })
    await admin.query('rollback')
    expect(lost).toBe(0)
  })

  test('whoever asked, when the server ends a connection or does not listen', async () => {
    const cut = watched.read(scope, async tx => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx.db)
      await admin.query('select pg_terminate_backend($1)', [rows[0]?.pid])
      await sql`select 1`.execute(tx.db)
    })
    await expect(cut).rejects.toMatchObject({ code: 'database_unavailable' })
    expect(lost).toBe(1)
    const url = new URL(opened.appUrl)
    url.port = '1'
    await using nowhere = openDatabase({ url: url.href })
    const refused = createTenants(nowhere, () => lost++).read(scope, async () => {})
    await expect(refused).rejects.toMatchObject({ reason: 'ECONNREFUSED' })
    expect(lost).toBe(2)
  })
})

test('connections that were cut are replaced', async () => {
  await Promise.all(Array.from({ length: 10 }, (_, index) => addUser(`Fast ${index}`)))
  const { rowCount } = await admin.query(`select from app_users where name like 'Fast%'`)
  expect(rowCount).toBe(10)
})
