import type { Generated } from 'kysely'
import type { BigInteger } from '../database/schema.js'

declare module '../database/schema.js' {
  interface TenantSchema {
    erasures: ErasureTable
  }
  interface SystemSchema {
    tombstones: TombstoneTable
  }
}

export type ErasureTable = {
  workspace_id: string
  id: Generated<string>
  kind: 'contact' | 'workspace'
  /** Sealed. */
  contact: Buffer | null
  deleted: Generated<BigInteger>
  asked_at: Generated<Date>
  done_at: Date | null
}

export type TombstoneTable = {
  workspace_id: string
  subject: Buffer
  kind: 'contact' | 'workspace'
  kek_id: string
  erased_at: Generated<Date>
}
