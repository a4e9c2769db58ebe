import { sql } from 'kysely'
import { SessionId, WorkspaceId } from '../../contract/ids.js'
import type { Database } from '../database/database.js'
import { hasDied } from './process-proof.js'
import type { ClaimedSession, ClaimPriority } from './session-leases.js'

/** Owner of the sessions that were given up, and name of the wake-up that says so. */
export const nobodysId = '00000000-0000-0000-0000-000000000000'

/** Time between the end of a node's lease and the first claim, so that a renewal under way is not overtaken. */
const grace = '1 second'

/** What those that should have taken a session had time for; then whoever looks takes it. */
const patience = '2 seconds'

/**
 * Claims sessions that nobody runs, this node's share of them; see `claim_sessions` in migration 0006. Nodes that claim at once share them out;
 * each session goes to exactly one, under a higher epoch. A node never claims from itself: its own lease may have run out while the database
 * was away, but what it runs still runs.
 */
export async function claimOrphans(database: Database, nodeId: string, most: number): Promise<ClaimedSession[]> {
  return database.system(async ({ db }) => {
    const { rows } = await sql<{ session: string; workspace: string; claimed_epoch: string; priority: ClaimPriority }>`
      select * from claim_sessions(${nodeId}, ${most}, ${grace}::interval, ${patience}::interval)`.execute(db)
    return rows.map(row => ({
      sessionId: SessionId.parse(row.session),
      workspaceId: WorkspaceId.parse(row.workspace),
      fence: { nodeId, epoch: BigInt(row.claimed_epoch) },
      priority: row.priority,
    }))
  })
}

/**
 * Ends the leases of processes of this machine that have died for certain: nobody has to wait until they run out.
 * @param host as this node's own row has it
 * @returns the nodes that are lost
 */
export async function endDeadNeighbours(database: Database, nodeId: string, host: string): Promise<string[]> {
  return database.system(async ({ db }) => {
    const living = await db
      .selectFrom('nodes')
      .select(['id', 'process'])
      .where('host', '=', host)
      .where('id', '!=', nodeId)
      .where(sql<boolean>`lease_until + ${grace}::interval > clock_timestamp()`)
      .execute()
    const dead = living.filter(({ process }) => process !== null && hasDied(process)).map(({ id }) => id)
    if (dead.length === 0) return []
    await db
      .updateTable('nodes')
      .set({ lease_until: sql<Date>`clock_timestamp() - ${grace}::interval` })
      .where('id', 'in', dead)
      .execute()
    return dead
  })
}
