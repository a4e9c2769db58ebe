import { Client, escapeIdentifier, escapeLiteral } from 'pg'
import { AppRoleError } from './app-role-error.js'
import { appendOnlyGrants, findAppendOnlyFaults } from './append-only.js'
import { appRoleName, appRolePassword, appRoleUrl } from './app-role-name.js'
import { asDatabaseError, DatabaseRefusedError, sqlStateOf } from './database-errors.js'
import { findIsolationFaults } from './isolation.js'
import { jobQueueGrants } from './job-queue.js'
import { SCHEMA } from './schema.js'
import { scramVerifier } from './scram.js'
import { isVouched, vouch } from './vouched-schema.js'

/** One start at a time makes the role and its grants: concurrent changes of a role fail in PostgreSQL. */
const LOCK = 7_416_002

export type AppRoleOptions = {
  /** Address of the role that owns the tables. */
  ownerUrl: string
  /** The deployment secret, the same on all nodes. */
  secret: Uint8Array
  /** Fingerprint of `secret` when it is not the first that this database was sealed with: then it has a role of its own. */
  successor?: string
  /** Address of a role the operator made; it then only gets its grants. */
  appUrl?: string
  /** Steps of the schema are there that this version does not know: a newer one gives the rights then, and says whether the schema is whole. */
  newerThanCode?: boolean
}

/**
 * Makes sure of the role the process works as, grants it what it needs, and proves that row level security holds it. Run it after
 * `migrate`. An existing role keeps its password: a node with another secret is refused and changes nothing.
 *
 * On a schema that a newer version has extended this one can judge neither: it takes the rights that are there, and its word for the rest, as long
 * as nothing was changed since.
 *
 * @returns the address to open the database with; it holds a password
 * @throws AppRoleError, DatabaseUnavailableError
 */
export async function prepareAppRole(options: AppRoleOptions): Promise<string> {
  const { ownerUrl, secret, successor, appUrl, newerThanCode = false } = options
  const given = appUrl === undefined ? null : { url: appUrl, role: await loginAs(appUrl), password: null }
  const { url } = await withClient(ownerUrl, async owner => {
    const target = given ?? (await derivedRole(owner, ownerUrl, secret, successor))
    if (newerThanCode) await assertGranted(owner, target.role)
    else await grant(owner, target.role, target.password)
    return target
  })
  await withClient(url, client => assertHeldByRowLevelSecurity(client, newerThanCode)).catch(refuseLogin)
  if (!newerThanCode) await withClient(ownerUrl, vouch)
  return url
}

type Target = { url: string; role: string; password: string }

async function derivedRole(owner: Client, ownerUrl: string, secret: Uint8Array, successor?: string): Promise<Target> {
  const { rows } = await owner.query<{ database: string; owner: string }>(
    'select current_database() as database, current_user as owner',
  )
  const role = appRoleName(rows[0]?.database ?? '', successor)
  const password = appRolePassword(secret, role)
  return { role, password, url: appRoleUrl(ownerUrl, rows[0]?.owner ?? '', role, password) }
}

async function grant(owner: Client, role: string, password: string | null): Promise<void> {
  await owner.query('begin')
  try {
    await owner.query('select pg_advisory_xact_lock($1)', [LOCK])
    if (password !== null) await createIfMissing(owner, role, password)
    await owner.query(grantStatements(escapeIdentifier(role)))
    await owner.query(jobQueueGrants(role))
    await owner.query('commit')
  } catch (error) {
    await owner.query('rollback').catch(() => {})
    if (sqlStateOf(error) !== '42501') throw error
    throw new AppRoleError(
      'grants_refused',
      `The owner may not grant rights to ${role}.`,
      'Use the role that owns the tables.',
    )
  }
}

async function createIfMissing(owner: Client, role: string, password: string): Promise<void> {
  const { rows } = await owner.query<{ login: boolean }>(
    'select rolcanlogin as login from pg_roles where rolname = $1',
    [role],
  )
  if (rows[0]?.login === true) return
  // one that was retired comes back with the secret it was made for
  const verb = rows[0] === undefined ? 'create' : 'alter'
  try {
    await owner.query(`${verb} role ${escapeIdentifier(role)} login password ${escapeLiteral(scramVerifier(password))}`)
  } catch (error) {
    if (sqlStateOf(error) !== '42501') throw error
    throw new AppRoleError(
      'app_role_not_creatable',
      'The role of DATABASE_URL may not create the role this process works as.',
      'Give it CREATEROLE, or create a LOGIN role without other rights yourself and set DATABASE_APP_URL.',
    )
  }
}

/** TRUNCATE and REFERENCES are not held by row level security, so nobody but the owner has them. */
function grantStatements(role: string): string {
  return `
    grant usage on schema ${SCHEMA} to ${role};
    revoke all on all tables in schema ${SCHEMA} from public;
    revoke truncate, references, trigger on all tables in schema ${SCHEMA} from ${role};
    grant select, insert, update, delete on all tables in schema ${SCHEMA} to ${role};
    ${appendOnlyGrants(role)}
    grant usage, select on all sequences in schema ${SCHEMA} to ${role};
    revoke execute on all functions in schema ${SCHEMA} from public;
    grant execute on all functions in schema ${SCHEMA} to ${role}`
}

/**
 * Membership counts like the right itself, because SET ROLE is one statement away, and so does whoever logged in, who is one RESET ROLE away.
 * Replication and the server's files lead past every policy to the bytes.
 */
const POWERS = `
  with held as (
    select r.* from pg_roles r where pg_has_role(session_user, r.oid, 'MEMBER') or pg_has_role(current_user, r.oid, 'MEMBER')
  )
  select bool_or(rolsuper) as superuser, bool_or(rolbypassrls) as bypassrls, bool_or(rolcreaterole) as createrole,
    bool_or(rolreplication) as replication,
    bool_or(rolname in ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program')) as "server files",
    bool_or(oid in (
      select relowner from pg_class where relnamespace = '${SCHEMA}'::regnamespace
      union select proowner from pg_proc where pronamespace = '${SCHEMA}'::regnamespace
      union select nspowner from pg_namespace where oid = '${SCHEMA}'::regnamespace
    )) as owner
  from held`

/** Rights to what a newer version has made are that version's to give: this one would give too many. */
async function assertGranted(owner: Client, role: string): Promise<void> {
  const { rows } = await owner.query(
    `select from pg_roles where rolname = $1 and rolcanlogin and has_schema_privilege(oid, $2, 'USAGE')`,
    [role, SCHEMA],
  )
  if (rows.length > 0) return
  throw new AppRoleError(
    'app_role_unknown_to_newer',
    'A newer version has changed this database, and the role this process would work as is new to it.',
    'Start the newer version once with these settings: it gives the role its rights.',
  )
}

async function assertHeldByRowLevelSecurity(client: Client, newerThanCode: boolean): Promise<void> {
  const { rows } = await client.query<Record<string, boolean>>(POWERS)
  const powers = Object.entries(rows[0] ?? {}).flatMap(([power, has]) => (has ? [power] : []))
  if (powers.length > 0) {
    throw new AppRoleError(
      'app_role_too_powerful',
      `The role this process would work as can pass row level security (${powers.join(', ')}).`,
      'Set DATABASE_APP_URL to a role without these rights and memberships.',
    )
  }
  const isWhole = newerThanCode && (await isVouched(client))
  const faults = [
    ...(isWhole ? [] : await findIsolationFaults(client)),
    ...(await findAppendOnlyFaults(client, newerThanCode)),
  ]
  if (faults.length === 0) return
  throw new AppRoleError(
    'tenant_table_unprotected',
    faults.join('\n'),
    newerThanCode
      ? 'A newer version has changed this schema: start that one, which says what is wrong or that nothing is.'
      : 'Restore the schema, or take these objects out of it.',
  )
}

async function loginAs(url: string): Promise<string> {
  return await withClient(url, async client => {
    const { rows } = await client.query<{ role: string }>('select current_user as role')
    return rows[0]?.role ?? ''
  }).catch(refuseLogin)
}

/** Wrong password, no such role, no right to log in or to connect. */
function refuseLogin(error: unknown): never {
  const refused = error instanceof DatabaseRefusedError && ['28P01', '28000', '42501'].includes(error.sqlState)
  if (!refused) throw error
  throw new AppRoleError(
    'app_role_login_refused',
    'PostgreSQL refuses the role this process works as.',
    'Use the deployment secret this database was set up with, or set DATABASE_APP_URL.',
  )
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 30_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    return await work(client)
  } catch (error) {
    throw error instanceof AppRoleError ? error : asDatabaseError(error)
  } finally {
    await client.end().catch(() => {})
  }
}
