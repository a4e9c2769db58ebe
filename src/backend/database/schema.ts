import type { ColumnType, Generated } from 'kysely'

/**
 * Everything of ours lives in this schema, not in `public`: managed services such as Supabase publish `public` through an API of their
 * own. Every transaction sets it as its search path, so statements name tables plainly.
 */
export const SCHEMA = 'whizlite'

/** bigint columns arrive as strings, because they may exceed what a number holds exactly. */
export type BigInteger = ColumnType<string, bigint | number | string, bigint | number | string>

/**
 * The tables of tenants, by name. A domain adds its own beside its store:
 * `declare module '../database/schema.js' { interface TenantSchema { session: SessionTable } }`.
 */
export interface TenantSchema {
  workspaces: WorkspaceTable
  people: PersonTable
  app_users: AppUserTable
  event_counters: EventCounterTable
  event_log: EventLogTable
  data_keys: DataKeyTable
}

/** The few tables that belong to no tenant. */
export interface SystemSchema {
  nodes: NodeTable
  canary: CanaryTable
  meta: MetaTable
  migrations: MigrationTable
}

export type WorkspaceTable = { id: Generated<string>; name: string; slug: string; created_at: Generated<Date> }

export type PersonTable = {
  workspace_id: string
  id: Generated<string>
  lid: string | null
  phone_number: string | null
  display_name: string | null
  created_at: Generated<Date>
}

export type AppUserTable = {
  workspace_id: string
  id: Generated<string>
  name: string
  role: Generated<'owner' | 'admin' | 'member'>
  created_at: Generated<Date>
}

export type EventCounterTable = { workspace_id: string; last_seq: BigInteger }

export type EventLogTable = {
  workspace_id: string
  seq: BigInteger
  session_id: string | null
  event: string
  data: Buffer
  created_at: Generated<Date>
}

export type DataKeyTable = {
  workspace_id: string
  id: Generated<string>
  session_id: string | null
  wrapped: Buffer
  kek_id: string
  created_at: Generated<Date>
}

export type NodeTable = {
  id: string
  started_at: Generated<Date>
  lease_until: Date
  draining: Generated<boolean>
  host: string | null
  process: string | null
  name: string | null
  /** When a newer process has started under its name. */
  replaced_at: Date | null
}

export type CanaryTable = { only_row: Generated<boolean>; sealed: Buffer; kek_id: string; created_at: Generated<Date> }

export type MetaTable = { key: string; value: string }

export type MigrationTable = { number: number; name: string; checksum: string; applied_at: Generated<Date> }
