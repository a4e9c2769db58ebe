import type { Generated } from 'kysely'

export type SessionCredentialsTable = {
  workspace_id: string
  session_id: string
  /** True while they belong to an attempt that has not opened yet. */
  staged: Generated<boolean>
  credentials: Buffer
  version: Generated<string>
}

export type SignalKeysTable = { workspace_id: string; session_id: string; type: string; id: string; value: Buffer }

export type InboundJournalTable = {
  workspace_id: string
  session_id: string
  hash: Buffer
  plaintext: Buffer
  /** JSON of the stanza's ids and JIDs. */
  stanza: string | null
  created_at: Generated<Date>
}

declare module '../database/schema.js' {
  interface TenantSchema {
    session_credentials: SessionCredentialsTable
    signal_keys: SignalKeysTable
    inbound_journal: InboundJournalTable
  }
}
