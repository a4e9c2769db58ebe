import type { ColumnType, Generated } from 'kysely'
import type { LinkMode } from '../../contract/linking.js'
import type { SessionHealth, SessionNoticeCode, SessionState } from '../../contract/sessions.js'

/** Written as JSON text. */
type Json<Value> = ColumnType<Value, string | undefined, string>

/** Notice code -> when it was told, ISO 8601. */
export type StoredNotices = Partial<Record<SessionNoticeCode, string>>

export type SessionsTable = {
  workspace_id: string
  id: string
  person_id: string
  mode: LinkMode
  state: SessionState
  reason: string | null
  /** When the state began; a change of the reason alone leaves it. */
  since: Generated<Date>
  phone_number: string
  lid: string | null
  created_at: Generated<Date>
  /** When a bot's session was taken back last; null once that bot has it again. */
  taken_back_at: Generated<Date | null>
  /** WhatsApp's own words on the reason. */
  reason_text: Generated<string | null>
  until: Generated<Date | null>
  connected_at: Generated<Date | null>
  phone_seen_at: Generated<Date | null>
  notices: Json<StoredNotices>
  health: Json<Partial<SessionHealth>>
  /** Since when no socket may use its credentials, see `quarantine.ts`. */
  quarantined_at: Generated<Date | null>
  /** When they are destroyed … */
  shred_at: Generated<Date | null>
  /** … and when they were. */
  shredded_at: Generated<Date | null>
  /** Sealed. */
  name: Generated<Buffer | null>
  /** Nobody is told of it from then on. */
  deleted_at: Generated<Date | null>
  /** To be handed off once its owner has been sent the session ID. */
  hand_off_at: Generated<Date | null>
  /** The member whose it is: by default whose its link was. */
  owner_id: Generated<string>
  /** Who sees it: its owner, or every member. */
  visibility: Generated<'private' | 'workspace'>
}

export type SessionHistoryTable = {
  workspace_id: string
  session_id: string
  position: Generated<string>
  state: SessionState
  reason: string | null
  node_id: string | null
  epoch: string | null
  at: Generated<Date>
}

declare module '../database/schema.js' {
  interface TenantSchema {
    sessions: SessionsTable
    session_history: SessionHistoryTable
  }
}
