import { sql } from 'kysely'
import type { PersonId, SessionId } from '../../contract/ids.js'
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

export type ShownState = {
  state: SessionState
  reason: string | null
  until: Date | null
  deaf: boolean
  /** For how long it has not been connected; 0: it is, or never was. */
  awayMs: number
}

const away = sql<number>`case when state <> 'connected' and connected_at is not null
  then greatest(0, extract(epoch from clock_timestamp() - connected_at)) * 1000 else 0 end::float8`

/** @throws when there is no such session */
export async function shownState(tx: TenantReader, sessionId: SessionId): Promise<ShownState> {
  const { health, ...shown } = await tx.db
    .selectFrom('sessions')
    .select(['state', 'reason', 'until', 'health', away.as('awayMs')])
    .where('id', '=', sessionId)
    .executeTakeFirstOrThrow()
  return { ...shown, deaf: health.inbound === 'deaf' }
}

/** What is shown of these; what is no session is left out. */
export async function shownStates(
  tx: TenantReader,
  ids: readonly SessionId[],
): Promise<ReadonlyMap<string, SessionState>> {
  const rows = await tx.db.selectFrom('sessions').select(['id', 'state']).where('id', 'in', ids).execute()
  return new Map(rows.map(({ id, state }) => [id, state]))
}

/** Which of these are sessions, and whether their credentials are in quarantine, or destroyed. */
export async function existingSessions(
  tx: TenantReader,
  ids: readonly SessionId[],
): Promise<Map<string, { putAway: boolean }>> {
  const rows = await tx.db.selectFrom('sessions').select(['id', 'quarantined_at']).where('id', 'in', ids).execute()
  return new Map(rows.map(({ id, quarantined_at }) => [id, { putAway: quarantined_at !== null }]))
}

/**
 * Of whom a session is; `null`: unknown. Nobody else links, takes back or forgets for that person before the transaction ends. In what order
 * rows are locked, everywhere: the person of a session, where that is needed; then leases; then what else the session has.
 */
export async function lockPersonOf(tx: TenantTransactor, sessionId: SessionId): Promise<PersonId | null> {
  const row = await tx.db
    .selectFrom('people as p')
    .innerJoin('sessions as s', join =>
      join.onRef('s.workspace_id', '=', 'p.workspace_id').onRef('s.person_id', '=', 'p.id'),
    )
    .select('p.id')
    .where('s.id', '=', sessionId)
    // whoever stores something of the person's under a lease is not held up
    .forNoKeyUpdate('p')
    .executeTakeFirst()
  return row === undefined ? null : (row.id as PersonId)
}

/** @throws when there is no such session */
export async function sessionState(tx: TenantReader, sessionId: SessionId): Promise<SessionState> {
  const row = tx.db.selectFrom('sessions').select('state').where('id', '=', sessionId)
  return (await row.executeTakeFirstOrThrow()).state
}
