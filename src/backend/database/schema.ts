import type { ColumnType, Generated, GeneratedAlways } from 'kysely'

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
export interface TenantSchema extends LoginSchema {
  workspaces: WorkspaceTable
  people: PersonTable
  app_users: AppUserTable
  event_counters: EventCounterTable
  event_log: EventLogTable
  data_keys: DataKeyTable
  invitations: InvitationTable
  api_keys: ApiKeyTable
}

/** The tables of a login, which spans workspaces: open to the transactions of that login, in a workspace or without one. */
export interface LoginSchema {
  logins: LoginTable
  refresh_families: RefreshFamilyTable
  refresh_tokens: RefreshTokenTable
}

/** The few tables that belong to no tenant. */
export interface SystemSchema {
  nodes: NodeTable
  canary: CanaryTable
  meta: MetaTable
  migrations: MigrationTable
  sign_in_cool_downs: SignInCoolDownTable
  sign_in_networks: SignInNetworkTable
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

/** A member of a workspace; the id is that of the login. */
export type AppUserTable = {
  workspace_id: string
  id: Generated<string>
  name: string
  role: Generated<'owner' | 'admin' | 'member'>
  created_at: Generated<Date>
  email: Generated<string | null>
  /** Owns whatever nobody else does. */
  is_default: Generated<boolean>
  suspended_at: Generated<Date | null>
}

export type LoginTable = {
  id: string
  /** In small letters. */
  email: string
  /** argon2id. */
  password_hash: string
  /** Raised by all that ends access tokens before their time. */
  version: Generated<number>
  /** Sealed. */
  totp_secret: Generated<Buffer | null>
  totp_confirmed_at: Generated<Date | null>
  /** The last time step whose code was taken. */
  totp_step: ColumnType<string | null, bigint | number | string | null | undefined, bigint | number | string | null>
  /** SHA-256 each. */
  recovery_hashes: Generated<Buffer[]>
  password_changed_at: Generated<Date>
  /** SHA-256. */
  password_link_hash: Generated<Buffer | null>
  password_link_until: Generated<Date | null>
  password_link_drops_factor: Generated<boolean>
  created_at: Generated<Date>
}

/** Keyed hashes. */
export type SignInNetworkTable = { login: Buffer; network: Buffer; at: Generated<Date> }

export type RefreshFamilyTable = {
  login_id: string
  id: Generated<string>
  workspace_id: string
  created_at: Generated<Date>
  last_used_at: Generated<Date>
  expires_at: Date
  revoked_at: Generated<Date | null>
  revoked_reason: Generated<string | null>
}

export type RefreshTokenTable = {
  login_id: string
  family_id: string
  position: GeneratedAlways<string>
  /** SHA-256. */
  hash: Buffer
  created_at: Generated<Date>
  used_at: Generated<Date | null>
}

export type InvitationTable = {
  workspace_id: string
  id: Generated<string>
  email: string | null
  role: 'owner' | 'admin' | 'member'
  /** SHA-256. */
  token_hash: Buffer
  invited_by: string
  created_at: Generated<Date>
  expires_at: Date
  accepted_at: Generated<Date | null>
  accepted_by: Generated<string | null>
  revoked_at: Generated<Date | null>
}

export type ApiKeyTable = {
  workspace_id: string
  id: string
  user_id: string
  name: string
  /** SHA-256. */
  secret_hash: Buffer
  last4: string
  scopes: ('read' | 'send' | 'sessions' | 'settings' | 'admin')[]
  /** Null: no restriction. */
  session_ids: string[] | null
  addresses: string[] | null
  created_at: Generated<Date>
  expires_at: Date | null
  revoked_at: Generated<Date | null>
  last_used_at: Generated<Date | null>
  replaced_by: Generated<string | null>
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
  /** How much it has sealed, as far as its users have told. */
  seals: Generated<string>
  /** Since when nothing stored needs it. */
  retired_at: Generated<Date | null>
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
  /** Fingerprints of the secrets it has. */
  kek_ids: string[] | null
}

export type CanaryTable = {
  only_row: Generated<boolean>
  sealed: Buffer
  kek_id: string
  created_at: Generated<Date>
  first_kek_id: Generated<string | null>
}

export type MetaTable = { key: string; value: string }

export type MigrationTable = { number: number; name: string; checksum: string; applied_at: Generated<Date> }

/** Wrong passwords by login or address. */
export type SignInCoolDownTable = {
  /** A keyed hash. */
  subject: Buffer
  wrong: Generated<number>
  since: Generated<Date>
  level: Generated<number>
  until: Generated<Date | null>
  at: Generated<Date>
}
