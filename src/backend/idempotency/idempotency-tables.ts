import type { Generated } from 'kysely'

export type IdempotentRequestTable = {
  workspace_id: string
  user_id: string
  asked_by: string
  key: string
  id: Generated<string>
  request_hash: Buffer
  try_id: string
  try_until: Date
  status: number | null
  /** Sealed. */
  answer: Buffer | null
  created_at: Generated<Date>
}

declare module '../database/schema.js' {
  interface TenantSchema {
    idempotent_requests: IdempotentRequestTable
  }
}
