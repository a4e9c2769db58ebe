import { sql, type RawBuilder } from 'kysely'
import type { SessionId } from '../../contract/ids.js'
import { audit } from '../audit/audit.js'
import type { TenantScope, TenantTransactor } from '../database/tenant-transaction.js'
import type { EventLog } from '../events/event-log.js'
import { lockLease } from '../leases/session-leases.js'
import { forgetAttempt } from '../linking/attempts-store.js'
import { endUnfinishedLink } from '../linking/end-unfinished-link.js'
import { lockSession } from '../session-commands/locked-session.js'
import { putAway } from '../session-commands/put-away.js'
import { setSessionState } from '../sessions/set-session-state.js'
import { lockPersonOf } from '../sessions/sessions-store.js'
import { forgetSession } from '../sessions/shred.js'
import type { Names } from './contact.js'
import type { Tombstones } from './tombstones.js'

/** Ids of the sessions whose account is the contact's own, as a subquery. */
export function accountSessions({ numbers, lids }: Names): RawBuilder<unknown> {
  return sql`select id from sessions
    where phone_number = any(${numbers}::text[]) or split_part(split_part(lid, '@', 1), ':', 1) = any(${lids}::text[])`
}

export type EndSessionsDeps = { events: EventLog; tombstones: Pick<Tombstones, 'ofSession'> }

/** Whoever deletes sessions with an erasure by hand: a key deletes them one by one, where it may. */
const byHand: readonly (string | undefined)[] = [undefined, 'user', 'service']

/**
 * Deletes the sessions of the contact's own account: those of whoever asks, or all of them where the operator does. Any other member's are
 * theirs alone to delete, and whoever asks is not told that there are any. Their credentials go into quarantine as with every deletion, and
 * nobody is logged out for it.
 * @param who in whose name it is asked; the transaction itself acts for the workspace
 */
export async function endSessionsOf(
  deps: EndSessionsDeps,
  tx: TenantTransactor,
  names: Names,
  who: TenantScope,
): Promise<void> {
  const all = who.by?.kind === 'operator'
  if (!all && (who.userId === undefined || !byHand.includes(who.by?.kind))) return
  const { rows } = await sql<{ id: SessionId }>`
    select id from sessions where deleted_at is null and shredded_at is null and id in (${accountSessions(names)})
      and ${all ? sql`true` : sql`owner_id = ${who.userId}`} order by id`.execute(tx.db)
  for (const { id } of rows) await endSession(deps, tx, id, who)
}

/** @returns whether it was there to be deleted */
export async function endSession(
  { events, tombstones }: EndSessionsDeps,
  tx: TenantTransactor,
  sessionId: SessionId,
  who: TenantScope,
): Promise<boolean> {
  await lockPersonOf(tx, sessionId)
  const session = await lockSession(tx, sessionId)
  if (session === null || session.deleted) return false
  await endUnfinishedLink(events, tx, sessionId, { phase: 'cancelled', reason: 'cancelled_late' })
  const state = session.state === 'handed_off' || session.state === 'superseded' ? 'expired' : 'disconnected'
  await setSessionState(events, tx, sessionId, { state, reason: 'erased' })
  await tx.db
    .updateTable('sessions')
    .set({ deleted_at: sql<Date>`clock_timestamp()` })
    .where('id', '=', sessionId)
    .execute()
  await putAway(events, tx, session)
  await forgetAttempt(tx, sessionId)
  await tombstones.ofSession(tx, tx.scope.workspaceId, sessionId)
  await audit(tx, { action: 'session.delete', target: sessionId, detail: { code: 'erased' } }, who)
  return true
}

/** What is left of sessions of the account that were destroyed before: rows that tell of a number and open nothing. */
export async function forgetShredded(tx: TenantTransactor, names: Names, before: Date | null): Promise<void> {
  const { rows } = await sql<{ id: SessionId }>`
    select id from sessions where shredded_at is not null and id in (${accountSessions(names)})
      and ${before === null ? sql`true` : sql`created_at < ${before}`} order by id`.execute(tx.db)
  for (const { id } of rows) {
    await lockPersonOf(tx, id)
    await lockLease(tx, id)
    await forgetSession(tx, id)
  }
}
