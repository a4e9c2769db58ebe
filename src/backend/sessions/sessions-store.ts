import type { SessionId } from '../../contract/ids.js'
import type { SessionState } from '../../contract/sessions.js'
import type { TenantReader, TenantTransactor } from '../database/tenant-transaction.js'
import type { EventLog } from '../events/event-log.js'
import type { SessionReason } from './session-reasons.js'
import './session-tables.js'
import { setSessionState } from './set-session-state.js'

/** Why a session that was taken back is handed off again. */
const botStillRuns = 'bot_still_running' satisfies SessionReason

/** Whether a bot had it, which may run again. */
export async function wasTakenBack(tx: TenantReader, sessionId: SessionId): Promise<boolean> {
  const taken = await tx.db
    .selectFrom('sessions')
    .select('id')
    .where('id', '=', sessionId)
    .where('taken_back_at', 'is not', null)
    .executeTakeFirst()
  return taken !== undefined
}

/**
 * Another client runs a session that was taken back: the bot was not stopped, and has it again.
 * @returns whether it could become so
 */
export function returnToBot(
  events: Pick<EventLog, 'append'>,
  tx: TenantTransactor,
  sessionId: SessionId,
): Promise<boolean> {
  const also = { mode: 'handed_off', taken_back_at: null } as const
  return setSessionState(events, tx, sessionId, { state: 'handed_off', reason: botStillRuns, also })
}

export async function sessionExists(tx: TenantReader, sessionId: SessionId): Promise<boolean> {
  const row = await tx.db.selectFrom('sessions').select('id').where('id', '=', sessionId).executeTakeFirst()
  return row !== undefined
}

export type ShownState = { state: SessionState; reason: string | null; until: Date | null }

/** @throws when there is no such session */
export function shownState(tx: TenantReader, sessionId: SessionId): Promise<ShownState> {
  const row = tx.db.selectFrom('sessions').select(['state', 'reason', 'until']).where('id', '=', sessionId)
  return row.executeTakeFirstOrThrow()
}

/** Which of these are sessions. */
export async function existingSessions(tx: TenantReader, ids: readonly SessionId[]): Promise<Set<string>> {
  const rows = await tx.db.selectFrom('sessions').select('id').where('id', 'in', ids).execute()
  return new Set(rows.map(({ id }) => id))
}

/** @throws when there is no such session */
export async function sessionState(tx: TenantReader, sessionId: SessionId): Promise<SessionState> {
  const row = tx.db.selectFrom('sessions').select('state').where('id', '=', sessionId)
  return (await row.executeTakeFirstOrThrow()).state
}
