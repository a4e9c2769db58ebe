import { sql } from 'kysely'
import type { Database } from './database.js'

/** Without these PostgreSQL forgets commits when its machine goes down: keys that were used, messages that were acknowledged. */
const needed = ['fsync', 'full_page_writes', 'synchronous_commit']

/** Those of the server's settings that let it forget what it has confirmed. */
export async function forgetfulSettings(database: Pick<Database, 'system'>): Promise<string[]> {
  return database.system(async ({ db }) => {
    const { rows } = await sql<{ name: string }>`
      select name from pg_settings where name = any(${needed}::text[]) and setting = 'off' order by 1`.execute(db)
    return rows.map(({ name }) => name)
  })
}

/** The database is not one that this process may work on; nothing was changed in it. */
export class UnsafeDatabaseError extends Error {
  override readonly name = 'UnsafeDatabaseError'
  readonly code = 'database_unsafe'
  readonly action = 'Set them on in the configuration of the server; a database of a deployment must not forget.'

  constructor(settings: readonly string[]) {
    super(
      settings.map(name => `PostgreSQL has ${name} off: a crash of its machine loses what was confirmed.`).join('\n'),
    )
  }
}
