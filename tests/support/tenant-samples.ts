import { APPEND_ONLY } from '../../src/backend/database/append-only.js'

/** Where a row belongs: a workspace, a member of it, and a session of theirs. */
export type Place = {
  workspaceId: string
  ownerId: string
  sessionId: string
  personId: string
  visibility: 'private' | 'workspace'
}

/**
 * What a table's rows hang on, which says who reaches them besides the workspace itself: `workspace`: every member; `session`: whoever sees the
 * session; `owner`: one member; `key`: one member, and those who manage keys; `login`: one login, wherever it acts.
 */
export type HangsOn = 'workspace' | 'session' | 'owner' | 'key' | 'login'

export type Sample = {
  hangsOn: HangsOn
  /** The column of its owner, where others see it whom only its owner may make it for. */
  ownersAlone?: string
  /** The columns that the process fills in new rows; it changes and deletes none. Absent: it may do everything. */
  appended?: readonly string[]
  /** The columns that say where a row belongs. All others get values of their type. */
  row: (place: Place) => Record<string, unknown>
}

const ofWorkspace: Sample = { hangsOn: 'workspace', row: ({ workspaceId }) => ({ workspace_id: workspaceId }) }

const ofSession: Sample = {
  hangsOn: 'session',
  row: ({ workspaceId, sessionId }) => ({ workspace_id: workspaceId, session_id: sessionId }),
}

/** Every table with rows of tenants. One that is missing here fails the test: whose its rows are is to be decided, not found out. */
export const SAMPLES: ReadonlyMap<string, Sample> = new Map<string, Sample>([
  ['workspaces', { hangsOn: 'workspace', row: ({ workspaceId }) => ({ id: workspaceId }) }],
  [
    'app_users',
    {
      hangsOn: 'workspace',
      row: ({ workspaceId, ownerId }) => ({
        workspace_id: workspaceId,
        id: ownerId,
        role: 'member',
        is_default: false,
        suspended_at: null,
      }),
    },
  ],
  ['event_counters', ofWorkspace],
  ['erasures', ofWorkspace],
  ['message_templates', ofWorkspace],
  ['invitations', ofWorkspace],
  ['people', { hangsOn: 'session', row: ({ workspaceId, personId }) => ({ workspace_id: workspaceId, id: personId }) }],
  [
    'sessions',
    {
      hangsOn: 'session',
      ownersAlone: 'owner_id',
      row: ({ workspaceId, sessionId, ownerId, personId, visibility }) => ({
        workspace_id: workspaceId,
        id: sessionId,
        owner_id: ownerId,
        person_id: personId,
        visibility,
      }),
    },
  ],
  [
    'link_attempts',
    {
      hangsOn: 'owner',
      row: ({ workspaceId, sessionId, ownerId }) => ({
        workspace_id: workspaceId,
        session_id: sessionId,
        owner_id: ownerId,
      }),
    },
  ],
  ['event_log', ofSession],
  ['data_keys', ofSession],
  ['session_credentials', ofSession],
  ['signal_keys', ofSession],
  ['inbound_journal', ofSession],
  ['session_strings', ofSession],
  ['outbox_messages', ofSession],
  ['own_chat_commands', ofSession],
  ['session_history', ofSession],
  [
    'api_keys',
    {
      hangsOn: 'key',
      ownersAlone: 'user_id',
      row: ({ workspaceId, ownerId }) => ({ workspace_id: workspaceId, user_id: ownerId }),
    },
  ],
  [
    'ws_tickets',
    { hangsOn: 'owner', row: ({ workspaceId, ownerId }) => ({ workspace_id: workspaceId, user_id: ownerId }) },
  ],
  [
    'idempotent_requests',
    { hangsOn: 'owner', row: ({ workspaceId, ownerId }) => ({ workspace_id: workspaceId, user_id: ownerId }) },
  ],
  [
    'audit_log',
    {
      hangsOn: 'key',
      ownersAlone: 'user_id',
      appended: APPEND_ONLY.get('audit_log')?.columns ?? [],
      row: ({ workspaceId, ownerId }) => ({
        workspace_id: workspaceId,
        entry: JSON.stringify({ userId: ownerId }),
      }),
    },
  ],
  ['audit_heads', { ...ofWorkspace, appended: APPEND_ONLY.get('audit_heads')?.columns ?? [] }],
  ['logins', { hangsOn: 'login', row: ({ ownerId }) => ({ id: ownerId }) }],
  ['refresh_families', { hangsOn: 'login', row: ({ ownerId }) => ({ login_id: ownerId }) }],
  ['refresh_tokens', { hangsOn: 'login', row: ({ ownerId }) => ({ login_id: ownerId }) }],
])
