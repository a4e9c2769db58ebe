import { sql, type RawBuilder } from 'kysely'
import type { LinkMode } from '../../contract/linking.js'
import type { SessionId } from '../../contract/ids.js'
import { missionStatus, type SessionState } from '../../contract/sessions.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import type { EventLog, LoggedEvent } from '../events/event-log.js'
import { pastOccasions } from './session-notices.js'
import { stateReason } from './session-reasons.js'
import type { SessionsTable } from './session-tables.js'
import { mayMove } from './session-transitions.js'

export type SessionChange = {
  state: SessionState
  /** A code that `stateReason` has words for. */
  reason?: string | null
  /** When a restriction ends; left out, it stays as long as the state does: another reason to rest does not make WhatsApp forget it. */
  until?: Date | null
  /** WhatsApp's own words on it. */
  text?: string | null
  /** What becomes of the session besides. */
  also?: { mode?: LinkMode; taken_back_at?: Date | RawBuilder<Date> | null }
}

type Appends = Pick<EventLog, 'append'>

const now = sql<Date>`clock_timestamp()`

/**
 * The only way in which a session's state changes: checked against `session-transitions.ts`, with its row of history and its events in the
 * caller's transaction. Locks the session's row; whoever needs the lease takes it before.
 * @returns whether the state or its reason really changed. A move that the table does not allow changes nothing.
 */
export async function setSessionState(
  events: Appends,
  tx: TenantTransactor,
  sessionId: SessionId,
  { state, reason = null, text = null, also = {}, ...given }: SessionChange,
): Promise<boolean> {
  const from = await tx.db
    .selectFrom('sessions')
    .select(['state', 'reason', 'until'])
    .where('id', '=', sessionId)
    .forUpdate()
    .executeTakeFirst()
  if (from === undefined || !mayMove(from.state, state)) return false
  const moved = from.state !== state
  const { until = moved ? null : from.until } = given
  if (!moved && from.reason === reason && from.until?.getTime() === until?.getTime()) return false
  const { since } = await tx.db
    .updateTable('sessions')
    .set({
      state,
      reason,
      until,
      reason_text: text,
      ...(moved && { since: now }),
      ...((from.state === 'connected' || state === 'connected') && { connected_at: now }),
      ...(state === 'connected' && { notices: pastOccasions('connected') }),
      ...also,
    })
    .where('id', '=', sessionId)
    .returning('since')
    .executeTakeFirstOrThrow()
  await record(events, tx, sessionId, { from: from.state, state, reason, text, until, since })
  return true
}

export type NewSession = Pick<SessionsTable, 'person_id' | 'mode' | 'state' | 'reason' | 'phone_number' | 'lid'> & {
  id: SessionId
  /** Without it, whose its link was, else the workspace's default user. */
  owner_id?: string | undefined
  taken_back_at?: Date | RawBuilder<Date>
  phone_seen_at?: RawBuilder<Date>
}

/** The first state of a session, in the transaction that makes it. */
export async function insertSession(events: Appends, tx: TenantTransactor, row: NewSession): Promise<void> {
  const { state, reason } = row
  const { since } = await tx.db
    .insertInto('sessions')
    .values({ workspace_id: tx.scope.workspaceId, ...row, ...(state === 'connected' && { connected_at: now }) })
    .returning('since')
    .executeTakeFirstOrThrow()
  await record(events, tx, row.id, { from: 'linking', state, reason, text: null, until: null, since })
}

type Step = {
  from: SessionState
  state: SessionState
  reason: string | null
  text: string | null
  until: Date | null
  since: Date
}

async function record(events: Appends, tx: TenantTransactor, sessionId: SessionId, step: Step): Promise<void> {
  const { state, reason, text, until, since } = step
  const { rows } = await sql<{ epoch: string | null }>`
    insert into session_history (workspace_id, session_id, state, reason, node_id, epoch)
    select s.workspace_id, s.id, s.state, s.reason, l.node_id, l.epoch
    from sessions s left join session_leases l on l.session_id = s.id and l.wanted
    where s.id = ${sessionId}
    returning epoch`.execute(tx.db)
  const epoch = rows[0]?.epoch ?? null
  const about = { sessionId, ...(epoch !== null && { epoch: Number(epoch) }) }
  const changed: LoggedEvent = {
    event: 'session_state',
    data: {
      ...about,
      status: missionStatus(state),
      state,
      reason: stateReason(reason, text),
      since: since.toISOString(),
      ...(until !== null && { until: until.toISOString() }),
    },
  }
  await events.append(tx, changed, ...connectionEvents(about, step))
}

function connectionEvents(
  about: { sessionId: SessionId; epoch?: number },
  { from, state, reason }: Step,
): LoggedEvent[] {
  if (from === state) return []
  if (state === 'connected') return [{ event: 'connection_success', data: { ...about, status: 'connected' } }]
  if (from !== 'connected') return []
  return [{ event: 'connection_lost', data: { ...about, status: 'disconnected', reason: reason ?? state } }]
}
