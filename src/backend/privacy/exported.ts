import { dataCell } from '../events/event-log.js'
import { bodyCell } from '../linking/templates-store.js'
import { nameCell } from '../sessions/session-name.js'
import type { Cell } from '../vault/sealer.js'

/** What an export tells of one table. */
export type Exported = {
  /** Columns that are told as they are. */
  columns: readonly string[]
  /** By which its rows are told apart in a workspace, in an order that an index has. */
  keys: readonly string[]
  /** A column that is sealed with the workspace's key, and told as it was written. */
  opened?: { column: string; cell: (keys: readonly string[]) => Cell }
  /** What its columns hold of JIDs or numbers, by which rows of one contact are known; absent: the table has none of a contact. */
  contact?: 'jid' | 'digits' | 'stanza'
}

/** Tables that an export tells of, and their columns: an allow-list. What is hashed, or opens something, is not in it. */
export const exported: ReadonlyMap<string, Exported> = new Map<string, Exported>([
  ['workspaces', { keys: ['id'], columns: ['id', 'name', 'slug', 'created_at'] }],
  ['app_users', { keys: ['id'], columns: ['id', 'name', 'email', 'role', 'is_default', 'suspended_at', 'created_at'] }],
  [
    'invitations',
    { keys: ['id'], columns: ['id', 'email', 'role', 'created_at', 'expires_at', 'accepted_at', 'revoked_at'] },
  ],
  [
    'api_keys',
    {
      keys: ['id'],
      columns: ['id', 'user_id', 'name', 'last4', 'scopes', 'created_at', 'expires_at', 'revoked_at', 'last_used_at'],
    },
  ],
  ['people', { keys: ['id'], columns: ['id', 'lid', 'phone_number', 'display_name', 'created_at'], contact: 'digits' }],
  [
    'sessions',
    {
      keys: ['id'],
      opened: { column: 'name', cell: ([id]) => nameCell(String(id)) },
      columns: [
        'id',
        'owner_id',
        'visibility',
        'person_id',
        'mode',
        'state',
        'reason',
        'since',
        'phone_number',
        'lid',
        'connected_at',
        'created_at',
      ],
      contact: 'digits',
    },
  ],
  [
    'session_history',
    { keys: ['session_id', 'position'], columns: ['session_id', 'position', 'state', 'reason', 'at'] },
  ],
  [
    'link_attempts',
    { keys: ['session_id'], columns: ['session_id', 'mode', 'method', 'phase', 'reason', 'created_at'] },
  ],
  [
    'inbound_journal',
    { keys: ['session_id', 'hash'], columns: ['session_id', 'stanza', 'created_at'], contact: 'stanza' },
  ],
  [
    'outbox_messages',
    {
      keys: ['id'],
      columns: [
        'id',
        'session_id',
        'kind',
        'recipient',
        'wa_message_id',
        'state',
        'error_code',
        'created_at',
        'settled_at',
      ],
      contact: 'jid',
    },
  ],
  [
    'own_chat_commands',
    { keys: ['session_id', 'wa_message_id'], columns: ['session_id', 'wa_message_id', 'answer', 'created_at'] },
  ],
  [
    'event_log',
    {
      keys: ['seq'],
      columns: ['seq', 'session_id', 'event', 'created_at'],
      opened: { column: 'data', cell: ([seq]) => dataCell(BigInt(seq ?? 0)) },
    },
  ],
  [
    'message_templates',
    {
      keys: ['name'],
      columns: ['name', 'updated_at'],
      opened: { column: 'body', cell: ([name]) => bodyCell(String(name)) },
    },
  ],
  ['audit_log', { keys: ['seq'], columns: ['seq', 'at', 'entry'] }],
  ['erasures', { keys: ['id'], columns: ['id', 'kind', 'deleted', 'asked_at', 'done_at'] }],
])

/** Tables that an export leaves out, and why. A table that stands in neither list fails a test. */
export const notExported: ReadonlyMap<string, string> = new Map([
  ['data_keys', 'keys'],
  ['session_credentials', 'credentials'],
  ['signal_keys', 'keys'],
  ['session_strings', 'session IDs'],
  ['event_counters', 'a number'],
  ['audit_heads', 'told with the entries'],
  ['ws_tickets', 'tickets'],
  ['idempotent_requests', 'answers that were given already, kept for a day'],
  ['logins', 'the login is the person’s own and spans workspaces'],
  ['refresh_families', 'sign-ins'],
  ['refresh_tokens', 'tokens'],
])
