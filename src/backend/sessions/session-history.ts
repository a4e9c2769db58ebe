import { sql } from 'kysely'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import { keptDays } from './retention.js'
import './session-tables.js'

/** Forgets what sessions were long ago. @returns how many rows went; as many as `limit` means that there may be more */
export async function forgetHistory(tx: TenantTransactor, limit: number): Promise<number> {
  const { rows } = await sql`
    delete from session_history where (workspace_id, session_id, position) in (
      select workspace_id, session_id, position from session_history
      where at < clock_timestamp() - make_interval(days => ${keptDays.history}) order by at limit ${limit}
    ) returning position`.execute(tx.db)
  return rows.length
}

/**
 * Moves on when sessions were last known to be connected, for those that are: the moment is written when they leave that state, and a server
 * that ends without a word leaves it as it was. Daily is enough for what is counted in weeks.
 * @returns how many rows changed; as many as `limit` means that there may be more
 */
export async function noteStillConnected(tx: TenantTransactor, limit: number): Promise<number> {
  const { rows } = await sql`
    update sessions set connected_at = clock_timestamp() where (workspace_id, id) in (
      select s.workspace_id, s.id from sessions s
      join session_leases l on l.session_id = s.id and l.wanted
      join nodes n on n.id = l.node_id and n.lease_until > clock_timestamp()
      where s.state = 'connected' and s.connected_at < clock_timestamp() - interval '1 day'
      limit ${limit} for update of s skip locked
    ) returning id`.execute(tx.db)
  return rows.length
}
