import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'
import { SCHEMA } from '../../src/backend/database/schema.js'

export type ClonedDatabase = {
  /** Connection string of the owner (a superuser), with our schema as its search path. */
  ownerUrl: string
  /** Disconnects whoever is still connected and removes the database and the roles made for it. Twice is harmless. */
  drop(): Promise<void>
}

/** A fresh, migrated database of a test file's own; takes about 15 ms. Drop it in `afterAll`. */
export async function cloneDatabase(): Promise<ClonedDatabase> {
  const { adminUrl, template } = inject('database')
  const name = `test_${randomBytes(8).toString('hex')}`
  await asAdmin(adminUrl, `create database ${name} template ${template} strategy file_copy`)
  const ownerUrl = new URL(adminUrl)
  ownerUrl.pathname = `/${name}`
  ownerUrl.searchParams.set('options', `-c search_path=${SCHEMA}`)
  return {
    ownerUrl: ownerUrl.href,
    drop: () => asAdmin(adminUrl, `drop database if exists ${name} with (force)`, `drop role if exists ${name}_app`),
  }
}

async function asAdmin(adminUrl: string, ...statements: string[]): Promise<void> {
  const admin = new pg.Client(adminUrl)
  await admin.connect()
  try {
    for (const statement of statements) await admin.query(statement)
  } finally {
    await admin.end()
  }
}
