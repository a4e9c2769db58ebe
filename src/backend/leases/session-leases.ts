import { sql } from 'kysely'
import { SessionId, WorkspaceId } from '../../contract/ids.js'
import type { Database } from '../database/database.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import type { Fence } from './fence.js'
import './lease-tables.js'

export type ClaimedSession = { workspaceId: WorkspaceId; sessionId: SessionId; fence: Fence }

/** Time between the end of a node's lease and the first claim, so that a renewal under way is not overtaken. */
const claimGrace = '1 second'

/** Takes a new session for this node, in the transaction that creates it. */
export async function openLease(tx: TenantTransactor, sessionId: SessionId, nodeId: string): Promise<Fence> {
  await tx.db
    .insertInto('session_leases')
    .values({ session_id: sessionId, workspace_id: tx.scope.workspaceId, node_id: nodeId, epoch: '1', wanted: true })
    .execute()
  return { nodeId, epoch: 1n }
}

/** Nothing has to run any more; the row stays so that a late write of an older epoch still finds its fence. */
export async function endLease(tx: TenantTransactor, sessionId: SessionId): Promise<void> {
  await tx.db.updateTable('session_leases').set({ wanted: false }).where('session_id', '=', sessionId).execute()
}

/** Nothing has to run any more, and whoever still runs it, on whichever node, is fenced at its next write. */
export async function revokeLease(tx: TenantTransactor, sessionId: SessionId): Promise<void> {
  await tx.db
    .updateTable('session_leases')
    .set({ wanted: false, epoch: sql<string>`epoch + 1` })
    .where('session_id', '=', sessionId)
    .execute()
}

/**
 * Claims sessions whose node is gone: its row was removed by a clean stop, or its lease has ended by the database's clock.
 * Nodes that claim at once share them out; each session goes to exactly one, under a higher epoch. A node never claims from itself:
 * its own lease may have run out while the database was away, but what it runs still runs.
 */
export async function claimOrphans(database: Database, nodeId: string, limit: number): Promise<ClaimedSession[]> {
  return database.system(async ({ db }) => {
    const { rows } = await sql<{ session_id: string; workspace_id: string; epoch: string }>`
      update session_leases set node_id = ${nodeId}, epoch = epoch + 1
      where session_id in (
        select l.session_id from session_leases l
        where l.wanted and l.node_id <> ${nodeId} and not exists (
          select from nodes n where n.id = l.node_id and n.lease_until + ${claimGrace}::interval > clock_timestamp()
        )
        limit ${limit} for update skip locked
      )
      returning session_id, workspace_id, epoch`.execute(db)
    return rows.map(row => ({
      sessionId: SessionId.parse(row.session_id),
      workspaceId: WorkspaceId.parse(row.workspace_id),
      fence: { nodeId, epoch: BigInt(row.epoch) },
    }))
  })
}
