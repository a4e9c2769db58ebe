import type { SessionId } from '../../contract/ids.js'
import type { SessionState } from '../../contract/sessions.js'
import type { TenantReader, TenantTransactor } from '../database/tenant-transaction.js'
import { GatewayError } from '../errors.js'
import '../sessions/session-tables.js'

/** States in which a managed session is linked and will reach WhatsApp by itself. */
const linkedStates: readonly SessionState[] = ['connecting', 'connected', 'reconnecting']

export type ManagedSession = {
  sessionId: SessionId
  personId: string
  phoneNumber: string
  lid: string | null
  since: Date
  linkedAt: Date
}

function find(tx: TenantReader, sessionId: SessionId) {
  return tx.db
    .selectFrom('sessions')
    .select(['person_id', 'phone_number', 'lid', 'since', 'created_at', 'taken_back_at'])
    .where('id', '=', sessionId)
    .where('mode', '=', 'managed')
    .where('state', 'in', linkedStates)
}

/** Rests because something else has logged in with it. */
const isReplaced = (row: { state: SessionState; reason: string | null }) =>
  row.state === 'disconnected' && row.reason === 'replaced'

export type LinkedSession = {
  state: SessionState
  reason: string | null
  /** Whether this server runs it for its owner: not for a bot, not logged out, not superseded. */
  managed: boolean
  /** Whether it would, but for something else that has logged in with it. */
  replaced: boolean
}

/** What became of a link. */
export async function linkedSession(tx: TenantReader, sessionId: SessionId): Promise<LinkedSession | null> {
  const row = await tx.db
    .selectFrom('sessions')
    .select(['state', 'reason', 'mode'])
    .where('id', '=', sessionId)
    .executeTakeFirst()
  if (row === undefined) return null
  const { state, reason, mode } = row
  const isManaged = mode === 'managed'
  return {
    state,
    reason,
    managed: isManaged && linkedStates.includes(state),
    replaced: isManaged && isReplaced(row),
  }
}

/** The same session to work on: nobody else changes it before the transaction ends. */
export async function lockManaged(tx: TenantTransactor, sessionId: SessionId): Promise<ManagedSession | null> {
  const row = await find(tx, sessionId).forUpdate().executeTakeFirst()
  if (row === undefined) return null
  const { person_id, phone_number, lid, since, created_at, taken_back_at } = row
  return {
    sessionId,
    personId: person_id,
    phoneNumber: phone_number,
    lid,
    since,
    linkedAt: taken_back_at ?? created_at,
  }
}

export function notManaged(): GatewayError {
  return new GatewayError({
    code: 'session_state',
    status: 409,
    message: 'This server does not run this session, or it is not linked any more.',
    action: 'Link the account again.',
  })
}
