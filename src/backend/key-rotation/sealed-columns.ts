import { credentialsCell, journalCell, signalKeyCell } from '../engine/key-cells.js'
import { dataCell } from '../events/event-log.js'
import { answerCell } from '../idempotency/idempotency.js'
import { codeCell, nameCell as attemptNameCell, numberCell, qrCell } from '../linking/attempt-cells.js'
import { stringCell } from '../linking/delivery.js'
import { bodyCell } from '../linking/templates-store.js'
import { protoCell } from '../outbox/outbox-store.js'
import { contactCell } from '../privacy/erasures-store.js'
import { nameCell } from '../sessions/session-name.js'
import type { Cell } from '../vault/sealer.js'

/** What a key column holds, as the driver reads it. */
export type KeyValue = string | Buffer

/** A column with sealed values, and where each of them is sealed for. */
export type SealedColumn = {
  table: string
  column: string
  /** Whose data key it is under. Tables of sessions have a `session_id`. */
  under: 'session' | 'workspace'
  /** What tells its rows apart within the session or workspace, with the types. */
  keys: readonly { name: string; type: 'uuid' | 'text' | 'bigint' | 'bytea' }[]
  cell: (sessionId: string, keys: readonly KeyValue[]) => Cell
}

const text = (value: KeyValue | undefined): string => String(value)

const ofAttempt = (column: string, cell: (sessionId: string) => Cell): SealedColumn => ({
  table: 'link_attempts',
  column,
  under: 'session',
  keys: [],
  cell,
})

/** Every column that the vault has sealed values in, but for those of logins (`reseal-logins.ts`). A test compares it with the catalogue. */
export const sealedColumns: readonly SealedColumn[] = [
  { table: 'session_credentials', column: 'credentials', under: 'session', keys: [], cell: credentialsCell },
  {
    table: 'signal_keys',
    column: 'value',
    under: 'session',
    keys: [
      { name: 'type', type: 'text' },
      { name: 'id', type: 'text' },
    ],
    cell: (sessionId, [type, id]) => signalKeyCell(sessionId, text(type), text(id)),
  },
  {
    table: 'inbound_journal',
    column: 'plaintext',
    under: 'session',
    keys: [{ name: 'hash', type: 'bytea' }],
    cell: (sessionId, [hash]) => journalCell(sessionId, hash instanceof Buffer ? hash : Buffer.alloc(0)),
  },
  {
    table: 'session_strings',
    column: 'string',
    under: 'session',
    keys: [{ name: 'person_id', type: 'uuid' }],
    cell: (_, [personId]) => stringCell(text(personId)),
  },
  {
    table: 'outbox_messages',
    column: 'proto',
    under: 'session',
    keys: [{ name: 'id', type: 'uuid' }],
    cell: (_, [id]) => protoCell(text(id)),
  },
  ofAttempt('qr', qrCell),
  ofAttempt('code', codeCell),
  ofAttempt('expected_number', numberCell),
  ofAttempt('name', attemptNameCell),
  {
    table: 'event_log',
    column: 'data',
    under: 'workspace',
    keys: [{ name: 'seq', type: 'bigint' }],
    cell: (_, [seq]) => dataCell(BigInt(text(seq))),
  },
  {
    table: 'sessions',
    column: 'name',
    under: 'workspace',
    keys: [{ name: 'id', type: 'uuid' }],
    cell: (_, [id]) => nameCell(text(id)),
  },
  {
    table: 'message_templates',
    column: 'body',
    under: 'workspace',
    keys: [{ name: 'name', type: 'text' }],
    cell: (_, [name]) => bodyCell(text(name)),
  },
  {
    table: 'erasures',
    column: 'contact',
    under: 'workspace',
    keys: [{ name: 'id', type: 'uuid' }],
    cell: (_, [id]) => contactCell(text(id)),
  },
  {
    table: 'idempotent_requests',
    column: 'answer',
    under: 'workspace',
    keys: [
      { name: 'user_id', type: 'uuid' },
      { name: 'asked_by', type: 'text' },
      { name: 'key', type: 'text' },
      { name: 'id', type: 'uuid' },
    ],
    cell: (_, keys) => answerCell(text(keys[3])),
  },
]

/** Columns of bytes that hold nothing sealed with a data key. */
export const unsealedColumns: readonly string[] = [
  // wrapped by the session secret itself
  'data_keys.wrapped',
  'canary.sealed',
  // hashes
  'audit_ended.hash',
  'audit_heads.hash',
  'audit_log.hash',
  'audit_log.prev',
  'api_keys.secret_hash',
  'idempotent_requests.request_hash',
  'inbound_journal.hash',
  'invitations.token_hash',
  'link_attempts.visitor_hash',
  'link_cool_downs.subject',
  'link_places.subjects',
  'link_starts.subject',
  'logins.password_link_hash',
  'logins.recovery_hashes',
  'refresh_tokens.hash',
  'sign_in_cool_downs.subject',
  'sign_in_networks.login',
  'sign_in_networks.network',
  'tombstones.subject',
  'ws_tickets.hash',
]

/** Sealed, of logins. */
export const loginColumns: readonly string[] = ['logins.totp_secret']
