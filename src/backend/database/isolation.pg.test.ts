import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../../tests/support/template-database.js'
import { findIsolationFaults } from './isolation.js'

let opened: TestDatabase
let owner: Client

beforeAll(async () => {
  opened = await openTestDatabase()
  owner = new Client(opened.ownerUrl)
  await owner.connect()
})
afterAll(async () => {
  await owner.end()
  await opened[Symbol.asyncDispose]()
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
