import type { SessionId } from '../../contract/ids.js'
import type { SessionState } from '../../contract/sessions.js'
import type { TenantReader, TenantTransactor } from '../database/tenant-transaction.js'
import type { SessionReason } from './session-reasons.js'
import './session-tables.js'

/** Why a session that was taken back is handed off again. */
export const botStillRuns = 'bot_still_running' satisfies SessionReason

/** States that a socket's coming and going does not change. */
const settled: SessionState[] = ['logged_out', 'banned', 'expired', 'superseded', 'handed_off']

/** @returns whether the state or its reason really changed */
export async function setSessionState(
  tx: TenantTransactor,
  sessionId: SessionId,
  state: SessionState,
  reason: string | null = null,
): Promise<boolean> {
  const changed = await tx.db
    .updateTable('sessions')
    .set({ state, reason, since: new Date() })
    .where('id', '=', sessionId)
    .where('state', 'not in', settled)
    .where(row => row.or([row('state', '!=', state), row('reason', 'is distinct from', reason)]))
    .returning('id')
    .executeTakeFirst()
  return changed !== undefined
}

/**
 * Another client runs a session that was taken back: the bot was not stopped, and has it again.
 * @returns whether this was such a session
 */
export async function returnToBot(tx: TenantTransactor, sessionId: SessionId): Promise<boolean> {
  const returned = await tx.db
    .updateTable('sessions')
    .set({ mode: 'handed_off', state: 'handed_off', reason: botStillRuns, taken_back_at: null, since: new Date() })
    .where('id', '=', sessionId)
    .where('taken_back_at', 'is not', null)
    .where('state', 'not in', settled)
    .returning('id')
    .executeTakeFirst()
  return returned !== undefined
}

export async function sessionExists(tx: TenantReader, sessionId: SessionId): Promise<boolean> {
  const row = await tx.db.selectFrom('sessions').select('id').where('id', '=', sessionId).executeTakeFirst()
  return row !== undefined
}

/** @throws when there is no such session */
export async function sessionState(tx: TenantReader, sessionId: SessionId): Promise<SessionState> {
  const row = tx.db.selectFrom('sessions').select('state').where('id', '=', sessionId)
  return (await row.executeTakeFirstOrThrow()).state
}
