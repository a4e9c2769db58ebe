import { randomUUID } from 'node:crypto'
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
      'a table that hangs on sessions, open to every member',
      `${forced} alter table leak add session_id uuid; create policy p on leak using (${SCOPED}) with check (${SCOPED})`,
      'Policy p on leak has no USING on app.user',
    ],
    [
      'a table of one’s own, open to every member',
      `${forced} alter table leak add user_id uuid; create policy p on leak using (${SCOPED}) with check (${SCOPED})`,
      'Policy p on leak has no WITH CHECK on app.user',
    ],
    [
      'sessions that a member makes for another',
      'drop policy sessions_made on sessions',
      'Table sessions lets members add what is not theirs',
    ],
    [
      'logins that others read',
      'create policy more on logins for select using (true)',
      'Policy more on logins has no USING',
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
      'Function leak is a security definer without a fixed search path',
    ],
    [
      'a definer function that hands out rows',
      `create function everybody() returns setof logins language sql security definer set search_path = whizlite, pg_temp
       as 'select * from logins'`,
      'Function everybody() runs as the owner',
    ],
    [
      'one under a known name that takes something else',
      `create function login_by_email(p_email text, p_more text) returns uuid language sql security definer
       set search_path = whizlite, pg_temp as 'select id from logins'`,
      'Function login_by_email(p_email text, p_more text) runs as the owner',
    ],
    [
      'a known one that returns something else',
      `drop function workspaces_of_login(); create function workspaces_of_login() returns setof logins language sql security definer
       set search_path = whizlite, pg_temp as 'select * from logins'`,
      'Function workspaces_of_login() runs as the owner',
    ],
    [
      'a known one that looks elsewhere first',
      'alter function all_workspace_ids() set search_path = public, whizlite',
      'Function all_workspace_ids is a security definer without a fixed search path',
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

describe('a partitioned table', () => {
  const policy = (table: string) => `
    alter table ${table} enable row level security; alter table ${table} force row level security;
    create policy ${table}_tenant on ${table}
      using (workspace_id = nullif(current_setting('app.workspace', true), '')::uuid)
      with check (workspace_id = nullif(current_setting('app.workspace', true), '')::uuid);`
  const parts = `
    set local search_path to whizlite;
    create table parts (workspace_id uuid not null, at timestamptz not null, primary key (workspace_id, at)) partition by range (at);
    create table parts_old partition of parts for values from (minvalue) to ('2026-01-01');
    create table parts_new partition of parts for values from ('2026-01-01') to (maxvalue);
    ${policy('parts')}`

  const within = async (statements: string, work: () => Promise<void>): Promise<void> => {
    await owner.query('begin')
    try {
      await owner.query(statements)
      await work()
    } finally {
      await owner.query('rollback')
    }
  }

  test('is not whole while one of its parts is open', async () => {
    await within(`${parts} ${policy('parts_old')}`, async () => {
      expect(await findIsolationFaults(owner)).toEqual(['Table parts_new does not force row level security.'])
    })
  })

  test('is whole when each part has its policy, also for one that is added later', async () => {
    await within(`${parts} ${policy('parts_old')} ${policy('parts_new')}`, async () => {
      expect(await findIsolationFaults(owner)).toEqual([])
      await owner.query(`alter table parts detach partition parts_new; drop table parts_new`)
      await owner.query(`create table parts_later partition of parts for values from ('2026-01-01') to (maxvalue)`)
      expect(await findIsolationFaults(owner)).toEqual(['Table parts_later does not force row level security.'])
    })
  })

  test('holds a tenant by way of the whole and of each part, and would not without the part’s own policy', async () => {
    const role = new URL(opened.appUrl).username
    const [here, elsewhere] = [randomUUID(), randomUUID()]
    const fill = `
      insert into parts values ('${here}', '2025-06-01'), ('${here}', '2026-06-01'), ('${elsewhere}', '2025-06-01'), ('${elsewhere}', '2026-06-01');
      grant select, insert, update, delete on parts, parts_old, parts_new to ${role}`
    const seen = async (table: string): Promise<number> => {
      await owner.query('savepoint before')
      try {
        await owner.query(`set local role ${role}; select set_config('app.workspace', '${here}', true)`)
        return (await owner.query(`select from ${table}`)).rowCount ?? 0
      } finally {
        await owner.query('rollback to savepoint before')
      }
    }
    await within(`${parts} ${policy('parts_old')} ${policy('parts_new')} ${fill}`, async () => {
      expect([await seen('parts'), await seen('parts_old'), await seen('parts_new')]).toEqual([2, 1, 1])
      await owner.query('alter table parts_new disable row level security')
      expect([await seen('parts'), await seen('parts_old'), await seen('parts_new')]).toEqual([2, 1, 2])
    })
  })
})
