/** What an export tells of one table. */
export type Exported = {
  /** Columns that are told as they are. */
  columns: readonly string[]
  /** Those of them that hold JIDs or numbers, by which rows of one contact are known; absent: the table has none of a contact. */
  contact?: 'jid' | 'digits' | 'stanza'
}

/** Tables that an export tells of, and their columns: an allow-list. Whatever is sealed, hashed or opens something is not in it. */
export const exported: ReadonlyMap<string, Exported> = new Map<string, Exported>([
  ['workspaces', { columns: ['id', 'name', 'slug', 'created_at'] }],
  ['app_users', { columns: ['id', 'name', 'email', 'role', 'is_default', 'suspended_at', 'created_at'] }],
  ['invitations', { columns: ['id', 'email', 'role', 'created_at', 'expires_at', 'accepted_at', 'revoked_at'] }],
  [
    'api_keys',
    { columns: ['id', 'user_id', 'name', 'last4', 'scopes', 'created_at', 'expires_at', 'revoked_at', 'last_used_at'] },
  ],
  ['people', { columns: ['id', 'lid', 'phone_number', 'display_name', 'created_at'], contact: 'digits' }],
  [
    'sessions',
    {
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
  ['session_history', { columns: ['session_id', 'position', 'state', 'reason', 'at'] }],
  ['link_attempts', { columns: ['session_id', 'mode', 'method', 'phase', 'reason', 'created_at'] }],
  ['inbound_journal', { columns: ['session_id', 'stanza', 'created_at'], contact: 'stanza' }],
  [
    'outbox_messages',
    {
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
  ['own_chat_commands', { columns: ['session_id', 'wa_message_id', 'answer', 'created_at'] }],
  ['event_log', { columns: ['seq', 'session_id', 'event', 'created_at'] }],
  ['audit_log', { columns: ['seq', 'at', 'entry'] }],
  ['erasures', { columns: ['id', 'kind', 'deleted', 'asked_at', 'done_at'] }],
])

/** Tables that an export leaves out, and why. A table that stands in neither list fails a test. */
export const notExported: ReadonlyMap<string, string> = new Map([
  ['data_keys', 'keys'],
  ['session_credentials', 'credentials'],
  ['signal_keys', 'keys'],
  ['session_strings', 'session IDs'],
  ['message_templates', 'texts of the installation, sealed'],
  ['event_counters', 'a number'],
  ['audit_heads', 'told with the entries'],
  ['ws_tickets', 'tickets'],
  ['idempotent_requests', 'answers that were given already, kept for a day'],
  ['logins', 'the login is the person’s own and spans workspaces'],
  ['refresh_families', 'sign-ins'],
  ['refresh_tokens', 'tokens'],
])
