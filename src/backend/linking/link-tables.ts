import type { Generated } from 'kysely'
import type { LinkMethod, LinkMode, LinkPhase } from '../../contract/linking.js'

export type LinkAttemptsTable = {
  workspace_id: string
  session_id: string
  visitor_hash: Buffer
  node_id: string
  mode: LinkMode
  method: LinkMethod
  phase: LinkPhase
  reason: string | null
  qr: Buffer | null
  qr_expires_at: Date | null
  code: Buffer | null
  code_expires_at: Date | null
  code_entered: Generated<boolean>
  expected_number: Buffer | null
  /** Who knows it: a visitor by a cookie, a service by its id. */
  started_by: Generated<'visitor' | 'service'>
  /** Whether the session ID is sent to the account. */
  deliver: Generated<boolean>
  /** Sealed. */
  name: Buffer | null
  /** Its place in the queue; null: of the session's id. */
  place_id: string | null
  /** The member for whom it was begun: by default the one of the transaction, else the workspace's default user. */
  owner_id: Generated<string>
  seen_at: Generated<Date>
  expires_at: Date
  since: Generated<Date>
  created_at: Generated<Date>
}

export type SessionStringsTable = {
  workspace_id: string
  person_id: string
  session_id: string
  string: Buffer
  created_at: Generated<Date>
}

export type MessageTemplatesTable = { workspace_id: string; name: string; body: Buffer; updated_at: Generated<Date> }

declare module '../database/schema.js' {
  interface TenantSchema {
    link_attempts: LinkAttemptsTable
    session_strings: SessionStringsTable
    message_templates: MessageTemplatesTable
  }
}
