import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../../tests/support/template-database.js'
import { WorkspaceId } from '../../contract/ids.js'
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

test('connections that were cut are replaced', async () => {
  await Promise.all(Array.from({ length: 10 }, (_, index) => addUser(`Fast ${index}`)))
  const { rowCount } = await admin.query(`select from app_users where name like 'Fast%'`)
  expect(rowCount).toBe(10)
})
