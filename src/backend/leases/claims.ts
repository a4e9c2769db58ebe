import { sql } from 'kysely'
import { SessionId, WorkspaceId } from '../../contract/ids.js'
import type { Database } from '../database/database.js'
import { hasDied } from './process-proof.js'
import type { ClaimedSession, ClaimPriority } from './session-leases.js'

/** Time between the end of a node's lease and the first claim, so that a renewal under way is not overtaken. */
export const grace = '1 second'

/** What those that should have taken a session had time for; then whoever looks takes it. */
const patience = '2 seconds'

export type Looking = {
  nodeId: string
  /** As this node's own row has it; `null`: it cannot tell which processes have died. */
  host: string | null
  /** Sessions claimed at most. */
  most: number
}

export type Found = {
  claimed: ClaimedSession[]
  /** Nodes of this machine whose processes have died for certain. */
  dead: string[]
  /** Until the next lease of another node ends if it is not renewed before, in milliseconds; `null`: this node is alone. */
  nextEndMs: number | null
}

/** Another node whose lease lasts. `left_ms`: until others may claim from it, if it is not renewed before. */
export type OtherNode = { id: string; host: string | null; process: string | null; left_ms: number }

/** Whether this is a process of the host that has ended for certain. */
export const isDead = (node: OtherNode, host: string | null): boolean =>
  host !== null && node.host === host && node.process !== null && hasDied(node.process)

/**
 * Claims sessions that nobody runs, this node's share of them; see `claim_sessions` in migration 0006. Nodes that claim at once share them out;
 * each session goes to exactly one, under a higher epoch. A node never claims from itself: its own lease may have run out while the database
 * was away, but what it runs still runs. For the sessions of a process that has died on this machine nobody waits until its lease runs out.
 */
export async function lookForOrphans(database: Database, { nodeId, host, most }: Looking): Promise<Found> {
  return database.system(async ({ db }) => {
    const { rows: others } = await sql<OtherNode>`
      select id, host, process,
        extract(epoch from lease_until + ${grace}::interval - clock_timestamp())::float8 * 1000 as left_ms
      from nodes where id <> ${nodeId} and lease_until + ${grace}::interval > clock_timestamp()`.execute(db)
    const dead = others.filter(node => isDead(node, host)).map(({ id }) => id)
    if (dead.length > 0) {
      const ended = sql<Date>`clock_timestamp() - ${grace}::interval`
      await db.updateTable('nodes').set({ lease_until: ended }).where('id', 'in', dead).execute()
    }
    const { rows } = await sql<{ session: string; workspace: string; claimed_epoch: string; priority: ClaimPriority }>`
      select * from claim_sessions(${nodeId}, ${most}, ${grace}::interval, ${patience}::interval)`.execute(db)
    const claimed = rows.map(row => ({
      sessionId: SessionId.parse(row.session),
      workspaceId: WorkspaceId.parse(row.workspace),
      fence: { nodeId, epoch: BigInt(row.claimed_epoch) },
      priority: row.priority,
    }))
    const ends = others.filter(({ id }) => !dead.includes(id)).map(({ left_ms: left }) => left)
    return { claimed, dead, nextEndMs: ends.length === 0 ? null : Math.min(...ends) }
  })
}
