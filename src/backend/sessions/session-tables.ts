import type { Generated } from 'kysely'
import type { LinkMode } from '../../contract/linking.js'
import type { SessionState } from '../../contract/sessions.js'

export type SessionsTable = {
  workspace_id: string
  id: string
  person_id: string
  mode: LinkMode
  state: SessionState
  reason: string | null
  since: Generated<Date>
  phone_number: string
  lid: string | null
  created_at: Generated<Date>
  /** When a bot's session was taken back last; null once that bot has it again. */
  taken_back_at: Generated<Date | null>
}

declare module '../database/schema.js' {
  interface TenantSchema {
    sessions: SessionsTable
  }
}
