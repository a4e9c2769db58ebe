import { type LogFunctionFactory, Logger, runMigrations } from 'graphile-worker'
import { Client, escapeIdentifier, escapeLiteral, Pool } from 'pg'
import { asDatabaseError } from './database-errors.js'

/** The job library's own tables. A schema of its own, because a database may hold those of another program, too. */
export const JOBS_SCHEMA = 'whizlite_jobs'

/** One start at a time brings the tables forward: the library itself would wait by sleeping. */
const LOCK = 7_416_004

/** What the library says of its own steps would repeat statements; what goes wrong is thrown. */
const silent: LogFunctionFactory = () => () => {}

/**
 * Makes or brings forward the tables of the job library, as their owner. They have row level security and no policy: only
 * `jobQueueGrants` lets another role in.
 * @throws DatabaseUnavailableError, DatabaseRefusedError
 */
export async function installJobQueue(ownerUrl: string): Promise<void> {
  const client = new Client({ connectionString: ownerUrl, connectionTimeoutMillis: 30_000 })
  const pgPool = new Pool({ connectionString: ownerUrl, max: 1, connectionTimeoutMillis: 30_000 })
  client.on('error', () => {})
  pgPool.on('error', () => {})
  pgPool.on('connect', connection => connection.on('error', () => {}))
  try {
    await client.connect()
    await client.query('select pg_advisory_lock($1)', [LOCK])
    await runMigrations({ pgPool, schema: JOBS_SCHEMA, logger: new Logger(silent) })
  } catch (error) {
    throw asDatabaseError(error)
  } finally {
    await pgPool.end()
    await client.end().catch(() => {})
  }
}

/**
 * Lets a role add and work on jobs without owning anything: the usual rights, and a policy on each table that names the role. Policies
 * that are there stay as they are: making one waits for everybody who uses the table.
 */
export function jobQueueGrants(role: string): string {
  const name = escapeIdentifier(role)
  return `
    grant usage on schema ${JOBS_SCHEMA} to ${name};
    revoke all on all tables in schema ${JOBS_SCHEMA} from public;
    grant select, insert, update, delete on all tables in schema ${JOBS_SCHEMA} to ${name};
    revoke insert, update, delete on ${JOBS_SCHEMA}.migrations from ${name};
    grant usage, select on all sequences in schema ${JOBS_SCHEMA} to ${name};
    revoke execute on all functions in schema ${JOBS_SCHEMA} from public;
    grant execute on all functions in schema ${JOBS_SCHEMA} to ${name};
    do $do$
    declare
      v_table name;
      v_role name := ${escapeLiteral(role)};
    begin
      for v_table in
        select c.relname from pg_class c
        where c.relnamespace = '${JOBS_SCHEMA}'::regnamespace and c.relkind in ('r', 'p') and c.relrowsecurity
          and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = v_role)
      loop
        execute format('create policy %1$I on ${JOBS_SCHEMA}.%2$I to %1$I using (true) with check (true)', v_role, v_table);
      end loop;
    end
    $do$;`
}
