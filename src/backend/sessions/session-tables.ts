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
}

declare module '../database/schema.js' {
  interface TenantSchema {
    sessions: SessionsTable
  }
}
