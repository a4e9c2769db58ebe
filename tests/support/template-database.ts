import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { inject } from 'vitest'
import { type Database, openDatabase } from '../../src/backend/database/database.js'
import { prepareAppRole } from '../../src/backend/database/roles.js'
import { SCHEMA } from '../../src/backend/database/schema.js'

export type ClonedDatabase = {
  /** Connection string of the owner (a superuser), with our schema as its search path. */
  ownerUrl: string
  /** Disconnects whoever is still connected and removes the database and the roles made for it. Twice is harmless. */
  drop: () => Promise<void>
}

/** A fresh, migrated database of a test file's own; takes about 15 ms. Drop it in `afterAll`. */
export async function cloneDatabase({ tablespace = 'pg_default' } = {}): Promise<ClonedDatabase> {
  const { adminUrl, template } = inject('database')
  const name = `test_${randomBytes(8).toString('hex')}`
  await asAdmin(adminUrl, `create database ${name} template ${template} tablespace ${tablespace} strategy file_copy`)
  const ownerUrl = new URL(adminUrl)
  ownerUrl.pathname = `/${name}`
  ownerUrl.searchParams.set('options', `-c search_path=${SCHEMA}`)
  return {
    ownerUrl: ownerUrl.href,
    drop: async () => {
      await asAdmin(adminUrl, `drop database if exists ${name} with (force)`)
      await dropRoles(adminUrl, `${name}_app`)
    },
  }
}

/** One for each secret that the database was ever worked with. */
async function dropRoles(adminUrl: string, prefix: string): Promise<void> {
  const admin = new Client(adminUrl)
  await admin.connect()
  try {
    const { rows } = await admin.query<{ name: string }>(
      'select quote_ident(rolname) as name from pg_roles where starts_with(rolname, $1)',
      [prefix],
    )
    for (const { name } of rows) await admin.query(`drop role if exists ${name}`)
  } finally {
    await admin.end()
  }
}

async function asAdmin(adminUrl: string, ...statements: string[]): Promise<void> {
  const admin = new Client(adminUrl)
  await admin.connect()
  try {
    for (const statement of statements) await admin.query(statement)
  } finally {
    await admin.end()
  }
}

export type TestDatabase = AsyncDisposable & {
  /** Opened as the app role, which row level security holds. */
  database: Database
  /** The app role's own connection string. */
  appUrl: string
  ownerUrl: string
}

/** A clone of its own, opened exactly as the gateway opens its database. Dispose it in `afterAll`. */
export async function openTestDatabase(): Promise<TestDatabase> {
  const { ownerUrl, drop } = await cloneDatabase()
  const appUrl = await prepareAppRole({ ownerUrl, secret: TEST_SECRET })
  const database = openDatabase({ url: appUrl, max: 5 })
  return {
    database,
    appUrl,
    ownerUrl,
    [Symbol.asyncDispose]: async () => {
      await database.close()
      await drop()
    },
  }
}

const TEST_SECRET = Buffer.alloc(32, 'test deployment secret')
