import type { ClientBase } from 'pg'
import { SCHEMA } from './schema.js'

type AppendOnly = {
  /** That the app role fills itself; the rest is done by triggers of the owner. */
  columns: readonly string[]
  /** Without which what is added is worth nothing. */
  trigger?: string
  /** Whose trigger that is, where it is another table's. */
  on?: string
}

/**
 * Tables of which the app role changes and deletes nothing. Whoever takes the process over cannot take back what is written there.
 */
export const APPEND_ONLY: ReadonlyMap<string, AppendOnly> = new Map<string, AppendOnly>([
  ['audit_log', { columns: ['workspace_id', 'entry'], trigger: 'audit_log_chain' }],
  ['audit_heads', { columns: [] }],
  ['audit_ended', { columns: [], trigger: 'workspaces_audit_end', on: 'workspaces' }],
  ['tombstones', { columns: ['workspace_id', 'subject', 'kind', 'kek_id', 'erased_at'] }],
  ['migrations', { columns: [] }],
])

/** @param role quoted */
export function appendOnlyGrants(role: string): string {
  return [...APPEND_ONLY]
    .flatMap(([table, { columns }]) => [
      `revoke insert, update, delete on ${SCHEMA}.${table} from ${role};`,
      ...(columns.length > 0 ? [`grant insert (${columns.join(', ')}) on ${SCHEMA}.${table} to ${role};`] : []),
    ])
    .join('\n')
}

/**
 * What whoever is connected, or may become by SET ROLE or RESET ROLE, may do to these tables: rights come by other ways than the grants above, such
 * as a membership or PUBLIC.
 */
const RIGHTS = `
  with held as (
    select oid from pg_roles where pg_has_role(session_user, oid, 'MEMBER') or pg_has_role(current_user, oid, 'MEMBER')
  ), tables as (
    select c.oid, c.relname as name, t.columns from jsonb_to_recordset($2::jsonb) as t (name text, columns text[])
      join pg_class c on c.relnamespace = $1::regnamespace and c.relname = t.name
  ), done as (
    select t.name, 'change what is there' as what from tables t, held h where has_any_column_privilege(h.oid, t.oid, 'UPDATE')
    union select t.name, 'delete what is there' from tables t, held h where has_table_privilege(h.oid, t.oid, 'DELETE')
    union select t.name, 'empty it' from tables t, held h where has_table_privilege(h.oid, t.oid, 'TRUNCATE')
    union select t.name, 'choose ' || a.attname from tables t, held h, pg_attribute a
      where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and not a.attname = any(t.columns)
        and has_column_privilege(h.oid, t.oid, a.attnum, 'INSERT')
  )
  select name, what from done order by 1, 2`

const TRIGGERS = `
  select c.relname as "table", t.tgname as trigger from pg_trigger t join pg_class c on c.oid = t.tgrelid
  where c.relnamespace = $1::regnamespace and t.tgenabled in ('O', 'A')`

/**
 * Asks the catalogue whether these tables really refuse whoever is connected.
 * @param client connected as the role that the process works as
 * @param newerThanCode a newer version has extended the schema, and may fill columns that this one does not know
 * @returns one sentence for each fault; empty = none
 */
export async function findAppendOnlyFaults(client: ClientBase, newerThanCode = false): Promise<string[]> {
  const tables = [...APPEND_ONLY].map(([name, { columns }]) => ({ name, columns }))
  const rights = await client.query<{ name: string; what: string }>(RIGHTS, [SCHEMA, JSON.stringify(tables)])
  const triggers = await client.query<{ table: string; trigger: string }>(TRIGGERS, [SCHEMA])
  const isOn = (table: string, trigger: string): boolean =>
    triggers.rows.some(one => one.table === table && one.trigger === trigger)
  return [
    ...rights.rows
      .filter(({ what }) => !newerThanCode || !what.startsWith('choose '))
      .map(({ name, what }) => `Table ${name} is append-only, and the process could ${what}.`),
    ...[...APPEND_ONLY].flatMap(([table, { trigger, on = table }]) =>
      trigger === undefined || isOn(on, trigger) ? [] : [`Trigger ${trigger} on ${on} is missing or off.`],
    ),
  ]
}
