import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { type ClonedDatabase, cloneDatabase } from '../../../tests/support/template-database.js'
import { migrate } from './migrate.js'
import { MIGRATIONS_FOLDER, readMigrations } from './migration-files.js'

const first = 'create table first (id int primary key);'
const second = 'create table second (id int primary key);'

describe('migrate', () => {
  let folder: string
  let database: ClonedDatabase
  let client: Client

  beforeAll(async () => {
    database = await cloneDatabase()
    client = new Client(database.ownerUrl)
    await client.connect()
  })
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'migrations-'))
    await client.query('drop schema if exists whizlite, whizlite_jobs cascade')
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))
  afterAll(async () => {
    await client.end()
    await database.drop()
  })

  const step = (name: string, sql: string) => writeFile(path.join(folder, name), sql)
  const run = () => migrate({ ownerUrl: database.ownerUrl, folder })
  const tables = async () => {
    const { rows } = await client.query<{ tablename: string }>(
      `select tablename from pg_tables where schemaname = 'whizlite' order by 1`,
    )
    return rows.map(row => row.tablename)
  }

  test('applies each step once, in order', async () => {
    await step('0001-first.sql', first)
    await step('0002-second.sql', second)
    expect(await run()).toEqual({ applied: ['0001-first.sql', '0002-second.sql'], newerThanCode: false })
    expect(await run()).toEqual({ applied: [], newerThanCode: false })
    expect(await tables()).toEqual(['first', 'migrations', 'second'])
  })

  test('applies each step once when several nodes start together', async () => {
    await step('0001-first.sql', first)
    await step('0002-second.sql', second)
    const reports = await Promise.all([run(), run(), run(), run()])
    expect(reports.flatMap(report => report.applied).toSorted()).toEqual(['0001-first.sql', '0002-second.sql'])
  })

  test('keeps nothing of a step that fails, and says which it was', async () => {
    await step('0001-first.sql', first)
    await step('0002-second.sql', `${second} alter table nowhere add column x int;`)
    await expect(run()).rejects.toMatchObject({
      code: 'migration_failed',
      message: '0002-second.sql failed (42P01: relation "nowhere" does not exist); it changed nothing.',
    })
    expect(await tables()).toEqual(['first', 'migrations'])
  })

  test('keeps values out of the error of a failed step', async () => {
    await step('0001-first.sql', `${first} insert into first values (77123), (77123);`)
    await expect(run()).rejects.toThrow(/^0001-first.sql failed \(23505\); it changed nothing.$/)
  })

  test('refuses a step that was changed after it was applied', async () => {
    await step('0001-first.sql', first)
    await run()
    await step('0001-first.sql', `${first} -- changed`)
    await expect(run()).rejects.toMatchObject({ code: 'migration_changed' })
  })

  test('does not take other line ends for a change', async () => {
    await step('0001-first.sql', `${first}\n-- end\n`)
    await run()
    await step('0001-first.sql', `${first}\r\n-- end\r\n`)
    await expect(run()).resolves.toMatchObject({ applied: [] })
  })

  test('refuses a gap in the recorded steps', async () => {
    await step('0001-first.sql', first)
    await step('0002-second.sql', second)
    await run()
    await client.query('delete from whizlite.migrations where number = 1')
    await expect(run()).rejects.toMatchObject({ code: 'migration_missing' })
  })

  test('refuses files with a missing number', async () => {
    await step('0001-first.sql', first)
    await step('0003-third.sql', second)
    await expect(run()).rejects.toMatchObject({ code: 'migration_files_invalid' })
  })

  test('lets a version one step older run on the newer schema', async () => {
    // where a step says which older versions it shuts out
    await step('0001-first.sql', `${first} create table meta (key text primary key, value text not null);`)
    await step('0002-second.sql', second)
    await run()
    await rm(path.join(folder, '0002-second.sql'))
    expect(await run()).toEqual({ applied: [], newerThanCode: true })
  })

  test('refuses a database it cannot reach without naming address or password', async () => {
    const unreachable = new URL(inject('database').adminUrl)
    unreachable.port = '1'
    await expect(migrate({ ownerUrl: unreachable.href, folder })).rejects.toMatchObject({
      code: 'database_unavailable',
      message: 'The database is not available (ECONNREFUSED).',
    })
  })

  test('brings an empty database to the schema of this build', async () => {
    const known = await readMigrations(MIGRATIONS_FOLDER)
    expect(await migrate({ ownerUrl: database.ownerUrl })).toEqual({
      applied: known.map(migration => migration.name),
      newerThanCode: false,
    })
  })
})
