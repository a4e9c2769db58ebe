import { Client, escapeIdentifier } from 'pg'
import { isAppRole } from './app-role-name.js'
import { asDatabaseError, sqlStateOf } from './database-errors.js'

/**
 * Takes the right to log in from the app roles of secrets that are no longer given, as far as nobody is connected as one of them: with such
 * a secret nobody gets into the database any more. A role that may not be changed stays as it is.
 * @param appUrl of the role that is worked with
 * @throws DatabaseUnavailableError, DatabaseRefusedError
 */
export async function retireAppRoles(ownerUrl: string, appUrl: string): Promise<void> {
  const client = new Client({ connectionString: ownerUrl, connectionTimeoutMillis: 30_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query<{ database: string; role: string }>(
      `select current_database() as database, rolname as role from pg_roles
       where rolcanlogin and not exists (select from pg_stat_activity a where a.usename = rolname)`,
    )
    // a pooler's address has more behind the role
    const [own] = decodeURIComponent(new URL(appUrl).username).split('.', 1)
    for (const { database, role } of rows) if (role !== own && isAppRole(database, role)) await retire(client, role)
  } catch (error) {
    throw asDatabaseError(error)
  } finally {
    await client.end().catch(() => {})
  }
}

async function retire(client: Client, role: string): Promise<void> {
  try {
    await client.query(`alter role ${escapeIdentifier(role)} nologin`)
  } catch (error) {
    if (sqlStateOf(error) !== '42501') throw error
  }
}
