import { sql } from 'kysely'
import type { SessionId } from '../../contract/ids.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import type { EventLog } from '../events/event-log.js'
import { lockLease, revokeLease } from '../leases/session-leases.js'
import { quarantine } from './quarantine.js'
import { keptDays } from './retention.js'
import { tellOwner } from './session-notices.js'
import './session-tables.js'
import { setSessionState } from './set-session-state.js'

type Events = Pick<EventLog, 'append'>

const daysAgo = (days: number) => sql<Date>`clock_timestamp() - make_interval(days => ${days})`

const notConnectedFor = (days: number) =>
  sql<boolean>`shred_at is null and greatest(connected_at, taken_back_at, created_at) < ${daysAgo(days)}`

/** Could be connected and is not. A connected session never expires, and one that was handed over is not ours to connect. */
const isIdle = sql<boolean>`state in ('connecting', 'reconnecting', 'disconnected')`

const wasTold = sql<Date>`(notices ->> 'expires_soon')::timestamptz`

/**
 * Tells the owners of sessions that expire within three days. After a time in which nothing ran it is told first all the same, and the
 * three days begin then.
 * @returns how many
 */
export async function tellExpiring(events: Events, tx: TenantTransactor, limit: number): Promise<number> {
  const rows = await tx.db
    .selectFrom('sessions')
    .select('id')
    .where(isIdle)
    .where(notConnectedFor(keptDays.unused - keptDays.noticeBeforeExpiry))
    .where(sql<boolean>`not jsonb_exists(notices, 'expires_soon')`)
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .execute()
  for (const { id } of rows) await tellOwner(events, tx, id as SessionId, 'expires_soon')
  return rows.length
}

const isUnused = sql<boolean>`(
  ${isIdle} and ${notConnectedFor(keptDays.unused)} and ${wasTold} < ${daysAgo(keptDays.noticeBeforeExpiry)}
  or state = 'superseded' and shred_at is null and since < ${daysAgo(keptDays.unused)}
)`

/**
 * Lets sessions expire that nobody connects: closed wherever they run, and restorable for thirty days. One that a newer link has superseded
 * does so untold, because its owner has the newer one.
 * @returns how many were looked at
 */
export async function expireUnused(events: Events, tx: TenantTransactor, limit: number): Promise<number> {
  const unused = await tx.db.selectFrom('sessions').select('id').where(isUnused).limit(limit).execute()
  for (const row of unused) {
    const sessionId = row.id as SessionId
    // whoever connects it just now is waited for, and seen
    await lockLease(tx, sessionId)
    const still = tx.db.selectFrom('sessions').select('id').where('id', '=', sessionId).where(isUnused).forUpdate()
    if ((await still.executeTakeFirst()) === undefined) continue
    await revokeLease(tx, sessionId)
    await setSessionState(events, tx, sessionId, { state: 'expired', reason: 'unused' })
    await quarantine(tx, sessionId, { days: keptDays.expired })
  }
  return unused.length
}

const hasEnded = sql<boolean>`state in ('logged_out', 'banned') and shred_at is null`

/**
 * Sessions whose device is off its account and whose credentials nobody has put away: those of older versions, and of links that were
 * cancelled.
 * @returns how many were looked at
 */
export async function quarantineEnded(tx: TenantTransactor, limit: number): Promise<number> {
  const ended = await tx.db.selectFrom('sessions').select('id').where(hasEnded).limit(limit).execute()
  for (const row of ended) {
    const sessionId = row.id as SessionId
    // whoever connects it just now is waited for, and seen
    await lockLease(tx, sessionId)
    const still = tx.db.selectFrom('sessions').select('id').where('id', '=', sessionId).where(hasEnded).forUpdate()
    if ((await still.executeTakeFirst()) === undefined) continue
    await quarantine(tx, sessionId, { days: keptDays.ended })
  }
  return ended.length
}
