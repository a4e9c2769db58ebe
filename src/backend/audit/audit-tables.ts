import type { Generated } from 'kysely'
import type { BigInteger } from '../database/schema.js'

declare module '../database/schema.js' {
  interface TenantSchema {
    audit_log: AuditLogTable
    audit_heads: AuditHeadTable
  }
}

export type AuditLogTable = {
  workspace_id: string
  id: string
  /** An `AuditContent`; arrives parsed. */
  entry: unknown
  user_id: Generated<string | null>
  action: Generated<string>
  target: Generated<string | null>
  /** Null only inside the transaction that writes it. */
  seq: BigInteger | null
  at: Date
  prev: Buffer | null
  hash: Buffer | null
}

export type AuditHeadTable = { workspace_id: string; seq: BigInteger; hash: Buffer }
