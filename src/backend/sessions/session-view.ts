import type { SessionId, UserId } from '../../contract/ids.js'
import type { SessionHistory, SessionView } from '../../contract/session-view.js'
import { missionStatus, type SessionNoticeCode, type SessionState } from '../../contract/sessions.js'
import type { TenantReader } from '../database/tenant-transaction.js'
import { noticeView } from './session-notices.js'
import { stateReason } from './session-reasons.js'
import type { StoredNotices } from './session-tables.js'

/** What `sessionView` reads. */
export const sessionColumns = [
  'id',
  'state',
  'reason',
  'reason_text',
  'since',
  'until',
  'phone_number',
  'mode',
  'owner_id',
  'visibility',
  'connected_at',
  'phone_seen_at',
  'notices',
  'health',
] as const

/** Of a deleted session nobody is told. */
const select = (tx: TenantReader) => tx.db.selectFrom('sessions').select(sessionColumns).where('deleted_at', 'is', null)

export type SessionRow = Awaited<ReturnType<ReturnType<typeof select>['executeTakeFirstOrThrow']>>

/** @returns `null` for a session that this workspace does not have */
export async function readSession(tx: TenantReader, sessionId: SessionId): Promise<SessionView | null> {
  const row = await select(tx).where('id', '=', sessionId).executeTakeFirst()
  return row === undefined ? null : sessionView(row)
}

export type SessionsPage = {
  limit: number
  /** The last session of the page before. */
  after?: SessionId | undefined
  /** Only those in one of these states. */
  states?: readonly SessionState[] | undefined
  /** Those and no others, of which there is at least one. */
  only?: ReadonlySet<SessionId> | null
}

/** A page of the workspace's sessions by id, an order that stays while states change. */
export async function listSessions(
  tx: TenantReader,
  { limit, after, states, only = null }: SessionsPage,
): Promise<SessionView[]> {
  let query = select(tx).orderBy('id').limit(limit)
  if (after !== undefined) query = query.where('id', '>', after)
  if (states !== undefined) query = query.where('state', 'in', states)
  if (only !== null) query = query.where('id', 'in', [...only])
  return (await query.execute()).map(sessionView)
}

/** What a session was and why, newest first. @param before the position at which the page before ended */
export async function sessionHistory(
  tx: TenantReader,
  sessionId: SessionId,
  { limit, before }: { limit: number; before?: string | undefined },
): Promise<SessionHistory> {
  let query = tx.db
    .selectFrom('session_history')
    .select(['position', 'state', 'reason', 'node_id', 'epoch', 'at'])
    .where('session_id', '=', sessionId)
    .orderBy('position', 'desc')
    .limit(limit + 1)
  if (before !== undefined) query = query.where('position', '<', before)
  const rows = await query.execute()
  const entries = rows.slice(0, limit).map(({ position, state, reason, node_id, epoch, at }) => ({
    position,
    state,
    reason: stateReason(reason),
    at: at.toISOString(),
    nodeId: node_id,
    epoch: epoch === null ? null : Number(epoch),
  }))
  return { entries, next: rows.length > limit ? (entries.at(-1)?.position ?? null) : null }
}

export function sessionView(row: SessionRow): SessionView {
  return {
    sessionId: row.id as SessionId,
    status: missionStatus(row.state),
    state: row.state,
    reason: stateReason(row.reason, row.reason_text),
    since: row.since.toISOString(),
    ...(row.until !== null && { until: row.until.toISOString() }),
    phoneNumber: row.phone_number,
    mode: row.mode,
    ownerId: row.owner_id as UserId,
    visibility: row.visibility,
    lastConnectedAt: row.connected_at?.toISOString() ?? null,
    phoneSeenAt: row.phone_seen_at?.toISOString() ?? null,
    notices: noticesOf(row.notices),
    health: { appState: 'unknown', history: 'unknown', preKeys: 'unknown', inbound: 'unknown', ...row.health },
  }
}

function noticesOf(stored: StoredNotices) {
  const told = Object.entries(stored) as [SessionNoticeCode, string][]
  return told
    .map(([notice, at]) => noticeView(notice, new Date(at).toISOString()))
    .toSorted((a, b) => a.at.localeCompare(b.at))
}
