import { Client } from 'pg'
import { asDatabaseError, sqlStateOf, textOfSchemaError } from './database-errors.js'
import { installJobQueue } from './job-queue.js'
import { MigrationError } from './migration-error.js'
import { MIGRATIONS_FOLDER, type Migration, readMigrations } from './migration-files.js'
import { SCHEMA } from './schema.js'

/** Any number that no other advisory lock of this database uses; migrations of all nodes queue behind it. */
const LOCK = 7_416_001
const LOCK_TIMEOUT = '60s'

type Applied = { number: number; name: string; checksum: string }

export type MigrationReport = {
  /** File names applied by this call, in order. */
  applied: string[]
  /** True when a newer version has already added steps this code does not know. */
  newerThanCode: boolean
}

/**
 * Brings the schema forward, one transaction per step, under a lock every other node waits for, and the job library's after it. Forward
 * only. A schema that a newer version has already extended is accepted, because the previous version must keep running during a rolling
 * upgrade.
 *
 * @param options.ownerUrl connection string of the role that owns the tables
 * @throws MigrationError when an applied step was changed, is missing or out of order, or a step fails (it then leaves nothing)
 * @throws DatabaseUnavailableError
 */
export async function migrate(options: { ownerUrl: string; folder?: string }): Promise<MigrationReport> {
  const known = await readMigrations(options.folder ?? MIGRATIONS_FOLDER)
  const client = new Client({ connectionString: options.ownerUrl, connectionTimeoutMillis: 30_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    const applied: string[] = []
    for (;;) {
      const step = await applyNext(client, known)
      if (step.name === null) {
        await installJobQueue(options.ownerUrl)
        return { applied, newerThanCode: step.newerThanCode }
      }
      applied.push(step.name)
    }
  } catch (error) {
    throw error instanceof MigrationError ? error : asDatabaseError(error)
  } finally {
    await client.end().catch(() => {})
  }
}

async function applyNext(client: Client, known: Migration[]): Promise<{ name: string | null; newerThanCode: boolean }> {
  await client.query('begin')
  try {
    await client.query('select pg_advisory_xact_lock($1)', [LOCK])
    await ensureLedger(client)
    const { rows } = await client.query<Applied>(
      `select number, name, checksum from ${SCHEMA}.migrations order by number`,
    )
    const next = nextStep(known, rows)
    if (next) await apply(client, next)
    else if (rows.length > known.length) await assertKnownToNewer(client, known.length)
    await client.query('commit')
    return { name: next?.name ?? null, newerThanCode: rows.length > known.length }
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}

async function ensureLedger(client: Client): Promise<void> {
  const { rows } = await client.query<{ version: number; exists: boolean }>(
    `select current_setting('server_version_num')::int as version, to_regclass('${SCHEMA}.migrations') is not null as exists`,
  )
  if ((rows[0]?.version ?? 0) < 150_000)
    throw new MigrationError('database_too_old', 'PostgreSQL 15 or newer is needed.')
  if (rows[0]?.exists) return
  await client.query(`
    create schema if not exists ${SCHEMA};
    create table ${SCHEMA}.migrations (
      number int primary key,
      name text not null,
      checksum text not null,
      applied_at timestamptz not null default now()
    )`)
}

function nextStep(known: Migration[], applied: Applied[]): Migration | null {
  for (const [index, row] of applied.entries()) {
    if (row.number !== index + 1)
      throw new MigrationError('migration_missing', `Step ${index + 1} of the schema is not recorded.`)
    const file = known[index]
    if (file && file.checksum !== row.checksum) {
      throw new MigrationError(
        'migration_changed',
        `${file.name} is not the file this database was migrated with (${row.name}). Applied steps never change: add a new one.`,
      )
    }
  }
  return known[applied.length] ?? null
}

/**
 * A step after which older code must not run any more says so: it writes the number of the oldest step such code must know into `meta`, as
 * `oldest_code`.
 */
async function assertKnownToNewer(client: Client, newestKnown: number): Promise<void> {
  const { rows } = await client.query<{ oldest: number }>(
    `select value::int as oldest from ${SCHEMA}.meta where key = 'oldest_code'`,
  )
  if ((rows[0]?.oldest ?? 0) <= newestKnown) return
  throw new MigrationError(
    'schema_too_new',
    'A newer version has changed this database in a way that this version cannot work with. Start that version, or a newer one.',
  )
}

async function apply(client: Client, step: Migration): Promise<void> {
  try {
    await client.query(`set local search_path to ${SCHEMA}; set local lock_timeout to '${LOCK_TIMEOUT}'`)
    await client.query(step.sql)
    await client.query(`insert into ${SCHEMA}.migrations (number, name, checksum) values ($1, $2, $3)`, [
      step.number,
      step.name,
      step.checksum,
    ])
  } catch (error) {
    const state = sqlStateOf(error)
    if (state === null) throw error
    throw new MigrationError(
      'migration_failed',
      `${step.name} failed (${state}${textOfSchemaError(error)}); it changed nothing.`,
    )
  }
}
