import type { ClientBase } from 'pg'
import { functionFaults, type FunctionRow, policyFaults, type PolicyRow, tenantColumnOf } from './policy-forms.js'
import { SCHEMA } from './schema.js'

/**
 * The tables without row level security: those that belong to no tenant, session_leases, which tells nodes whose sessions to take over, and
 * what limits the public page and the connects to WhatsApp; they hold ids and keyed hashes only. Everything else in the schema must be
 * protected; adding one here is a decision to review.
 */
export const SYSTEM_TABLES: ReadonlySet<string> = new Set([
  'migrations',
  'nodes',
  'canary',
  'meta',
  'session_leases',
  'link_starts',
  'link_cool_downs',
  'link_places',
  'job_workers',
  'connect_budget',
  'connect_breakers',
  'sign_in_cool_downs',
  'sign_in_networks',
  'tombstones',
  'audit_ended',
])

/**
 * Keys that span tenants on purpose. A workspace's slug is chosen by people and public, an e-mail address is what a login is known by. The others
 * are looked up before anybody is known; they are random and made here, so nobody can ask for one that another holds.
 */
const SPANNING_KEYS: ReadonlySet<string> = new Set([
  'workspaces_slug_key',
  'logins_email_key',
  'logins_password_link_key',
  'refresh_tokens_hash_key',
  'invitations_token_key',
  'api_keys_id_key',
])

type TableRow = {
  name: string
  kind: string
  enabled: boolean
  forced: boolean
  columns: string[]
  security_invoker: boolean
}
type KeyRow = { table: string; key: string; first_column: string | null }

const TABLES = `
  select c.relname as name, c.relkind as kind, c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
    coalesce('security_invoker=true' = any(c.reloptions), false) as security_invoker,
    array(select attname::text from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped) as columns
  from pg_class c where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f') order by 1`

/** Policies that only the table's owner matches serve definer functions and are left out: the app role is never the owner. */
const POLICIES = `
  select c.relname as "table", p.polname as policy, p.polpermissive as permissive, p.polcmd as command,
    pg_get_expr(p.polqual, p.polrelid) as using, pg_get_expr(p.polwithcheck, p.polrelid) as check
  from pg_policy p join pg_class c on c.oid = p.polrelid
  where c.relnamespace = $1::regnamespace and p.polroles <> array[c.relowner] order by 1, 2`

const KEYS = `
  select c.relname as "table", k.relname as key, a.attname as first_column
  from pg_index i join pg_class c on c.oid = i.indrelid join pg_class k on k.oid = i.indexrelid
    left join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
  where c.relnamespace = $1::regnamespace and i.indisunique
  union all
  select c.relname, f.conname, a.attname
  from pg_constraint f join pg_class c on c.oid = f.conrelid
    left join pg_attribute a on a.attrelid = c.oid and a.attnum = f.conkey[1]
  where c.relnamespace = $1::regnamespace and f.contype = 'f' order by 1, 2`

const FUNCTIONS = `
  select proname as name, pg_get_function_identity_arguments(oid) as arguments, coalesce(pg_get_function_result(oid), '') as result,
    prosrc as source, prosecdef as definer, proconfig as settings
  from pg_proc where pronamespace = $1::regnamespace order by 1`

/**
 * Reads the catalogue for anything a tenant could look through: tables without forced policies, keys that span tenants, views that
 * read as their owner, functions that policies ask and that answer more, definer functions that are not known or have no fixed search path.
 *
 * @returns one sentence for each fault; empty = none
 */
export async function findIsolationFaults(client: ClientBase): Promise<string[]> {
  const tables = await client.query<TableRow>(TABLES, [SCHEMA])
  const policies = await client.query<PolicyRow>(POLICIES, [SCHEMA])
  const keys = await client.query<KeyRow>(KEYS, [SCHEMA])
  const functions = await client.query<FunctionRow>(FUNCTIONS, [SCHEMA])
  return [
    ...tables.rows.flatMap(table => relationFaults(table, policies.rows)),
    ...keys.rows.flatMap(keyFaults),
    ...functions.rows.flatMap(functionFaults),
  ]
}

function relationFaults(table: TableRow, policies: PolicyRow[]): string[] {
  if (table.kind === 'v') return table.security_invoker ? [] : [`View ${table.name} reads with its owner's rights.`]
  if (table.kind === 'm' || table.kind === 'f') return [`${table.name} cannot have row level security.`]
  if (SYSTEM_TABLES.has(table.name)) return []
  if (!table.columns.includes(tenantColumnOf(table.name))) {
    return [`Table ${table.name} has no ${tenantColumnOf(table.name)} and is not a known system table.`]
  }
  if (!table.enabled || !table.forced) return [`Table ${table.name} does not force row level security.`]
  const own = policies.filter(policy => policy.table === table.name)
  return policyFaults(table.name, table.columns, own)
}

function keyFaults({ table, key, first_column }: KeyRow): string[] {
  if (SYSTEM_TABLES.has(table) || SPANNING_KEYS.has(key) || first_column === tenantColumnOf(table)) return []
  return [`Key ${key} on ${table} does not begin with ${tenantColumnOf(table)}.`]
}
