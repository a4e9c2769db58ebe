import { randomBytes, randomUUID } from 'node:crypto'
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type ClonedDatabase, cloneDatabase } from '../../../tests/support/template-database.js'
import { migrate } from './migrate.js'
import { MIGRATIONS_FOLDER } from './migration-files.js'

/** What was there before people were: brought forward by an owner whom row level security holds, and used on by code that knows no owners. */

const before = 10
const ownerName = `owner_${randomBytes(6).toString('hex')}`
const [here, elsewhere, empty] = [randomUUID(), randomUUID(), randomUUID()]

let clone: ClonedDatabase
let folder: string
let ownerUrl: string
let admin: Client

beforeAll(async () => {
  clone = await cloneDatabase()
  admin = new Client(clone.ownerUrl)
  await admin.connect()
  const database = new URL(clone.ownerUrl).pathname.slice(1)
  await admin.query(`create role ${ownerName} login password 'p'`)
  await admin.query('drop schema whizlite, whizlite_jobs cascade')
  await admin.query(`alter database ${database} owner to ${ownerName}`)
  ownerUrl = Object.assign(new URL(clone.ownerUrl), { username: ownerName, password: 'p' }).href
  folder = await mkdtemp(path.join(tmpdir(), 'whizlite-migrations-'))
  for (const name of (await readdir(MIGRATIONS_FOLDER)).toSorted().slice(0, before)) {
    await cp(path.join(MIGRATIONS_FOLDER, name), path.join(folder, name))
  }
})
afterAll(async () => {
  await admin.end()
  await clone.drop()
  await rm(folder, { recursive: true, force: true })
  const cluster = new Client(inject('database').adminUrl)
  await cluster.connect()
  await cluster.query(`drop role ${ownerName}`)
  await cluster.end()
})

const workspace = (id: string) =>
  admin.query('insert into workspaces (id, name, slug) values ($1::uuid, $2, $1::uuid::text)', [id, 'W'])

/** As a version inserts it that knows no owners. */
async function session(workspaceId: string): Promise<string> {
  const id = randomUUID()
  await admin.query(
    `with person as (insert into people (workspace_id, lid) values ($1, $3) returning workspace_id, id)
     insert into sessions (workspace_id, id, person_id, mode, state, phone_number)
     select workspace_id, $2, id, 'managed', 'connected', '254700000001' from person`,
    [workspaceId, id, String(randomBytes(6).readUIntBE(0, 6))],
  )
  await admin.query(
    `insert into link_attempts (workspace_id, session_id, visitor_hash, node_id, mode, phase, expires_at)
     values ($1, $2, $3, $4, 'managed', 'complete', now())`,
    [workspaceId, id, randomBytes(32), randomUUID()],
  )
  return id
}

const owners = async (table: 'sessions' | 'link_attempts'): Promise<unknown> =>
  (
    await admin.query(
      `select t.workspace_id, u.role, u.is_default, count(*)::int from ${table} t
       left join app_users u on u.workspace_id = t.workspace_id and u.id = t.owner_id group by 1, 2, 3 order by 4`,
    )
  ).rows

test('what nobody owned belongs to the default user of its workspace, and so does what an older version adds', async () => {
  await migrate({ ownerUrl, folder })
  for (const id of [here, elsewhere, empty]) await workspace(id)
  for (const id of [here, here, elsewhere]) await session(id)

  const { applied } = await migrate({ ownerUrl })
  expect(applied[0]).toBe('0011-identity.sql')
  const expected = [
    { workspace_id: elsewhere, role: 'owner', is_default: true, count: 1 },
    { workspace_id: here, role: 'owner', is_default: true, count: 2 },
  ]
  expect(await owners('sessions')).toEqual(expected)
  expect(await owners('link_attempts')).toEqual(expected)
  const { rows } = await admin.query('select visibility, count(*)::int from sessions group by 1')
  expect(rows).toEqual([{ visibility: 'private', count: 3 }])

  await session(here)
  expect(await owners('sessions')).toEqual([expected[0], { ...expected[1], count: 3 }])
})

test('a workspace that an older version has made gets its default user with its first session, once', async () => {
  const later = randomUUID()
  await workspace(later)
  const clients = Array.from({ length: 4 }, () => new Client(clone.ownerUrl))
  for (const client of clients) await client.connect()
  const made = await Promise.all(
    clients.map(async client => (await client.query('select default_user($1) as id', [later])).rows[0] as unknown),
  )
  for (const client of clients) await client.end()
  expect(new Set(made.map(row => JSON.stringify(row))).size).toBe(1)
  await session(later)
  const { rows } = await admin.query('select count(*)::int from app_users where workspace_id = $1', [later])
  expect(rows).toEqual([{ count: 1 }])
})
