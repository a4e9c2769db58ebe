import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { migrate } from '../src/backend/database/migrate.js'
import { MIGRATIONS_FOLDER, readMigrations } from '../src/backend/database/migration-files.js'
import { vouch } from '../src/backend/database/vouched-schema.js'
import { Rows } from './support/rows.js'
import { TestGateway } from './support/test-gateway.js'

/** What a later version may well do: everything that this one does not know, and nothing that it cannot work with. */
const tomorrow = `
  create table later_system (id uuid primary key, note text);
  create table later_notes (workspace_id uuid not null, id uuid not null, token bytea not null, primary key (workspace_id, id));
  create unique index later_notes_token on later_notes (token);
  alter table later_notes enable row level security;
  alter table later_notes force row level security;
  create function sees_later(p_workspace uuid) returns boolean language sql stable set search_path = whizlite, pg_temp
    begin atomic select p_workspace = nullif(current_setting('app.workspace', true), '')::uuid; end;
  create policy later_notes_tenant on later_notes using (sees_later(workspace_id)) with check (sees_later(workspace_id));
  alter policy people_tenant on people using (sees_later(workspace_id)) with check (sees_later(workspace_id));
  alter table sessions add column later text;`

let gateway: TestGateway
let rows: Rows
let folder: string

beforeEach(async () => {
  gateway = await TestGateway.start()
  rows = new Rows(gateway.database.ownerUrl)
  folder = await mkdtemp(join(tmpdir(), 'whizlite-later-'))
})
afterEach(async () => {
  await rows[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** A newer version has brought the schema forward, and gives nobody a right to change `later_system`. */
async function extend(statements = tomorrow): Promise<void> {
  await cp(MIGRATIONS_FOLDER, folder, { recursive: true })
  const next = String((await readMigrations(folder)).length + 1).padStart(4, '0')
  await writeFile(join(folder, `${next}-later.sql`), statements)
  expect((await migrate({ ownerUrl: gateway.database.ownerUrl, folder })).applied).toEqual([`${next}-later.sql`])
}

/** It has started, too, and found its schema whole. */
async function vouchForIt(): Promise<void> {
  const client = new Client(gateway.database.ownerUrl)
  await client.connect()
  try {
    await vouch(client)
  } finally {
    await client.end()
  }
}

const restart = async (): Promise<void> => {
  await gateway.stopApp()
  await gateway.startApp()
}

describe('a process of the version before, on a schema that a newer one has extended,', () => {
  test('starts again and works, and takes no rights that the newer one has not given', async () => {
    await extend()
    await vouchForIt()
    await restart()
    expect((await gateway.visitor().request('GET', '/health/ready')).status).toBe(200)
    const { qrCode } = await gateway.visitor().start()
    expect(qrCode).toMatch(/^data:image/)
    const role = `${new URL(gateway.database.ownerUrl).pathname.slice(1)}_app`
    expect(
      await rows.query(`select has_table_privilege($1, 'whizlite.later_system', 'SELECT') as may`, [role]),
    ).toEqual([{ may: false }])
  })

  test('does not start before the newer one has, because it cannot tell a new table from an open one', async () => {
    await extend()
    await expect(restart()).rejects.toMatchObject({
      code: 'tenant_table_unprotected',
      message: expect.stringContaining('later_notes'),
      action: expect.stringContaining('A newer version'),
    })
  })

  test.each([
    ['a table is opened', 'alter table sessions no force row level security'],
    ['a policy lets everybody in', 'create policy more on later_notes using (true)'],
    [
      'a function that policies ask is changed',
      `create or replace function sees_later(p_workspace uuid) returns boolean
      language sql stable set search_path = whizlite, pg_temp begin atomic select true; end`,
    ],
    ['the audit log is no chain any more', 'alter table audit_log disable trigger audit_log_chain'],
  ])('does not start once %s', async (_, statement) => {
    await extend()
    await vouchForIt()
    await rows.query(`set search_path to whizlite`)
    await rows.query(statement)
    await expect(restart()).rejects.toMatchObject({ code: 'tenant_table_unprotected' })
  })

  test('does not start where the step says that it cannot work with it', async () => {
    const known = (await readMigrations(MIGRATIONS_FOLDER)).length
    await extend(`insert into meta (key, value) values ('oldest_code', '${known + 1}')`)
    await vouchForIt()
    await expect(restart()).rejects.toMatchObject({ code: 'schema_too_new' })
  })

  test('gives no rights to a role that the newer one does not know', async () => {
    await extend()
    await vouchForIt()
    await gateway.stopApp()
    const role = `${new URL(gateway.database.ownerUrl).pathname.slice(1)}_app`
    await rows.query(`alter role ${role} nologin`)
    await expect(gateway.startApp()).rejects.toMatchObject({ code: 'app_role_unknown_to_newer' })
  })
})
