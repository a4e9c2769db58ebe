import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from './config/config.js'
import { startLocalPostgres } from './database/local/start-local-postgres.js'

/** There is no database yet: nothing was ever started in this data folder. */
export class NoDatabaseError extends Error {
  override readonly name = 'NoDatabaseError'
  readonly code = 'no_database'
  readonly action =
    'Run this in the folder the gateway was started in and with its settings, or set DATA_DIR or DATABASE_URL.'

  constructor() {
    super('There is no database in the data folder, and DATABASE_URL is not set.')
  }
}

/**
 * For commands of the operator that work on the database themselves, beside a gateway that runs or without one. The built-in PostgreSQL is
 * started for it, or shared, and left as it was.
 * @param work gets the address of the role that owns the tables; it holds a password
 * @throws NoDatabaseError, LocalPostgresError, and whatever `work` throws
 */
export async function withOwnerDatabase<T>(
  { dataDir, database }: Pick<Config, 'dataDir' | 'database'>,
  work: (ownerUrl: string) => Promise<T>,
): Promise<T> {
  if (database.url !== null) return work(database.url)
  if (!existsSync(join(dataDir, 'postgres'))) throw new NoDatabaseError()
  await using local = await startLocalPostgres({ dataDir })
  return await work(local.url)
}
