import { sql } from 'kysely'
import { SessionId, WorkspaceId } from '../../contract/ids.js'
import type { Database } from '../database/database.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import './lease-tables.js'

/** After this long without an owner a session is not just on its way from one node to the next. */
export const ownerlessAfter = '15 seconds'

const ago = sql`clock_timestamp() - ${sql.lit(ownerlessAfter)}::interval`

/** Sessions and links that are to run, and that no node has run for fifteen seconds: given up, or left by a node whose lease has ended. */
export async function ownerlessLeases(
  database: Database,
): Promise<{ workspaceId: WorkspaceId; sessionId: SessionId }[]> {
  return database.system(async ({ db }) => {
    const { rows } = await sql<{ workspace_id: string; session_id: string }>`
      select l.workspace_id, l.session_id from session_leases l left join nodes n on n.id = l.node_id
      where l.wanted and coalesce(n.lease_until, l.released_at, '-infinity') < ${ago}`.execute(db)
    return rows.map(row => ({
      workspaceId: WorkspaceId.parse(row.workspace_id),
      sessionId: SessionId.parse(row.session_id),
    }))
  })
}

/**
 * Whether that is so of this session. If it is, nobody claims it until this transaction ends, and its node's renewal waits for that too: what
 * is said here of the session comes before what its node says when it is back.
 */
export async function heldByNobody(tx: TenantTransactor, sessionId: SessionId): Promise<boolean> {
  const lease = await tx.db
    .selectFrom('session_leases')
    .select(['node_id', sql<boolean>`coalesce(released_at, '-infinity') < ${ago}`.as('givenUp')])
    .where('session_id', '=', sessionId)
    .where('wanted', '=', true)
    .forShare()
    .skipLocked()
    .executeTakeFirst()
  if (lease === undefined) return false
  const { rows } = await sql<{ ended: boolean }>`
    select lease_until < ${ago} as ended from nodes where id = ${lease.node_id} for share`.execute(tx.db)
  return rows[0]?.ended ?? lease.givenUp
}
