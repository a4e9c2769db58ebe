import { sql } from 'kysely'
import type { SessionId } from '../../contract/ids.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import { lockLease } from '../leases/session-leases.js'
import { discardStaged, type DiscardAttemptDeps } from './discard-attempt.js'
import { endedPhases, stagedPhases } from './link-phase.js'
import './link-tables.js'

/** Far longer than any attempt lives, and than a visitor in the queue is waited for: whoever was to end this one is gone. */
const abandonedAfter = '1 hour'

const isAbandoned = sql<boolean>`phase = any(${[...stagedPhases]}) and
  greatest(expires_at, seen_at, since, code_expires_at) < clock_timestamp() - ${abandonedAfter}::interval`

/**
 * Ends attempts that nobody ends: their node was lost, and no other has taken them. With each goes everything that it had stored.
 * @returns how many were looked at
 */
export async function endAbandoned(
  deps: Omit<DiscardAttemptDeps, 'tenants'>,
  tx: TenantTransactor,
  limit: number,
): Promise<number> {
  const abandoned = await tx.db
    .selectFrom('link_attempts')
    .select('session_id')
    .where(isAbandoned)
    .limit(limit)
    .execute()
  for (const row of abandoned) {
    const sessionId = row.session_id as SessionId
    // a promotion under way holds the lease: it is seen once this lock is held
    await lockLease(tx, sessionId)
    const still = tx.db.selectFrom('link_attempts').select('node_id').where('session_id', '=', sessionId)
    const attempt = await still.where(isAbandoned).forUpdate().executeTakeFirst()
    if (attempt === undefined) continue
    const { workspaceId } = tx.scope
    await discardStaged(deps, tx, { workspaceId, sessionId, phase: 'expired', reason: 'node_lost' })
    await deps.events.wake(tx, attempt.node_id)
  }
  return abandoned.length
}

/** Forgets attempts that ended without a session so many days ago. Those of a session go with it: by them its visitor is known. @returns how many */
export async function forgetAttempts(tx: TenantTransactor, days: number, limit: number): Promise<number> {
  const { rows } = await sql`
    delete from link_attempts where (workspace_id, session_id) in (
      select a.workspace_id, a.session_id from link_attempts a
      where a.phase = any(${[...endedPhases]}) and a.since < now() - make_interval(days => ${days})
        and not exists (select from sessions s where s.workspace_id = a.workspace_id and s.id = a.session_id)
      limit ${limit} for update skip locked
    ) returning 1`.execute(tx.db)
  return rows.length
}

/** Forgets session IDs, as last delivered, of sessions that are not linked any more: they open nothing. @returns how many */
export async function forgetStrings(tx: TenantTransactor, limit: number): Promise<number> {
  const { rows } = await sql`
    delete from session_strings where (workspace_id, person_id) in (
      select t.workspace_id, t.person_id from session_strings t
        left join sessions s on s.workspace_id = t.workspace_id and s.id = t.session_id
      where s.id is null or s.state in ('logged_out', 'banned', 'expired', 'superseded')
      limit ${limit} for update of t skip locked
    ) returning 1`.execute(tx.db)
  return rows.length
}
