import { sql } from 'kysely'
import { SessionId, WorkspaceId } from '../../contract/ids.js'
import type { Database } from '../database/database.js'
import type { TenantReader, TenantTransactor } from '../database/tenant-transaction.js'
import type { Fence } from './fence.js'
import './lease-tables.js'

/** Owner of the sessions that were given up, and name of the wake-up that says so. */
export const nobodysId = '00000000-0000-0000-0000-000000000000'

/** Who goes first: what has something to send or is being linked, what was connected lately, the rest. */
export type ClaimPriority = 'pending' | 'recent' | 'rest'

export type ClaimedSession = { workspaceId: WorkspaceId; sessionId: SessionId; fence: Fence; priority: ClaimPriority }

/** Who should take what is given to nobody has a little time for it, before anybody may. */
function releasedAt(nodeId: string) {
  return nodeId === nobodysId ? sql<Date>`clock_timestamp()` : null
}

/** Takes a new session for this node, in the transaction that creates it. */
export async function openLease(tx: TenantTransactor, sessionId: SessionId, nodeId: string): Promise<Fence> {
  await tx.db
    .insertInto('session_leases')
    .values({
      session_id: sessionId,
      workspace_id: tx.scope.workspaceId,
      node_id: nodeId,
      epoch: '1',
      wanted: true,
      released_at: releasedAt(nodeId),
    })
    .execute()
  return { nodeId, epoch: 1n }
}

/** Takes a session that nobody runs for this node, under a new epoch: whoever ran it before is fenced. */
export async function reopenLease(tx: TenantTransactor, sessionId: SessionId, nodeId: string): Promise<Fence> {
  const { epoch } = await tx.db
    .updateTable('session_leases')
    .set({ node_id: nodeId, epoch: sql<string>`epoch + 1`, wanted: true, released_at: releasedAt(nodeId) })
    .where('session_id', '=', sessionId)
    .returning('epoch')
    .executeTakeFirstOrThrow()
  return { nodeId, epoch: BigInt(epoch) }
}

/** The epoch under which this node is to run a session; `null` when it is another's, nobody's or unknown. */
export async function ownedEpoch(tx: TenantReader, sessionId: SessionId, nodeId: string): Promise<bigint | null> {
  const row = await tx.db
    .selectFrom('session_leases')
    .select('epoch')
    .where('session_id', '=', sessionId)
    .where('node_id', '=', nodeId)
    .where('wanted', '=', true)
    .executeTakeFirst()
  return row === undefined ? null : BigInt(row.epoch)
}

/** Whether this id is, or was, some workspace's session or link. */
export async function hasLease(tx: TenantReader, sessionId: SessionId): Promise<boolean> {
  const row = await tx.db
    .selectFrom('session_leases')
    .select('epoch')
    .where('session_id', '=', sessionId)
    .executeTakeFirst()
  return row !== undefined
}

/** Nothing has to run any more; the row stays so that a late write of an older epoch still finds its fence. */
export async function endLease(tx: TenantTransactor, sessionId: SessionId): Promise<void> {
  await tx.db.updateTable('session_leases').set({ wanted: false }).where('session_id', '=', sessionId).execute()
}

/** For what never became a session. A late write finds no lease, which fences it as well. */
export async function removeLease(tx: TenantTransactor, sessionId: SessionId): Promise<void> {
  await tx.db.deleteFrom('session_leases').where('session_id', '=', sessionId).execute()
}

/** Nothing has to run any more, and whoever still runs it, on whichever node, is fenced at its next write. */
export async function revokeLease(tx: TenantTransactor, sessionId: SessionId): Promise<void> {
  await tx.db
    .updateTable('session_leases')
    .set({ wanted: false, epoch: sql<string>`epoch + 1` })
    .where('session_id', '=', sessionId)
    .execute()
}

/** Until this transaction ends, nobody does anything under the session's lease. In which order: see `lockPersonOf`. */
export async function lockLease(tx: TenantTransactor, sessionId: SessionId): Promise<void> {
  await tx.db
    .selectFrom('session_leases')
    .select('epoch')
    .where('session_id', '=', sessionId)
    .forUpdate()
    .executeTakeFirst()
}

/** Takes a running session's lease away from its node, whichever that is. @returns whether anybody was to run it */
export async function takeLease(tx: TenantTransactor, sessionId: SessionId, nodeId: string): Promise<boolean> {
  const taken = await tx.db
    .updateTable('session_leases')
    .set({ node_id: nodeId, epoch: sql<string>`epoch + 1` })
    .where('session_id', '=', sessionId)
    .where('wanted', '=', true)
    .returning('session_id')
    .executeTakeFirst()
  return taken !== undefined
}

/**
 * Has another node run a session that runs here: of those that take sessions the one with the fewest. It finds it as what it owns and does not
 * run, within half a minute.
 * @returns which node that is; `null`: there is none, and nothing has changed
 */
export async function giveLease(tx: TenantTransactor, sessionId: SessionId, nodeId: string): Promise<string | null> {
  const { rows } = await sql<{ id: string }>`
    select n.id from nodes n where n.id <> ${nodeId} and not n.draining and n.lease_until > clock_timestamp()
    order by (select count(*) from session_leases l where l.node_id = n.id and l.wanted) limit 1`.execute(tx.db)
  const [other] = rows
  if (other === undefined || !(await takeLease(tx, sessionId, other.id))) return null
  return other.id
}

/** What a node believes about a session that it runs. */
export type HeldLease = { sessionId: SessionId; epoch: bigint; bell: bigint | null }

/** What the database says instead. `epoch` is null when the session is not this node's any more, or is not to run. */
export type LeaseNews = { sessionId: SessionId; epoch: bigint | null; bell: bigint | null }

/** Of what a node runs, those of which it does not know the newest: one question however many they are. */
export async function leaseNews(database: Database, nodeId: string, held: readonly HeldLease[]): Promise<LeaseNews[]> {
  return database.system(async ({ db }) => {
    const { rows } = await sql<{ session_id: string; epoch: string | null; bell: string | null }>`
      select h.session_id, l.epoch, l.bell
      from unnest(
        ${held.map(({ sessionId }) => sessionId)}::uuid[],
        ${held.map(({ epoch }) => String(epoch))}::bigint[],
        ${held.map(({ bell }) => (bell === null ? null : String(bell)))}::bigint[]
      ) as h (session_id, epoch, bell)
      left join session_leases l on l.session_id = h.session_id and l.node_id = ${nodeId} and l.wanted
      where l.epoch is distinct from h.epoch or l.bell is distinct from h.bell`.execute(db)
    return rows.map(({ session_id, epoch, bell }) => ({
      sessionId: SessionId.parse(session_id),
      epoch: epoch === null ? null : BigInt(epoch),
      bell: bell === null ? null : BigInt(bell),
    }))
  })
}

/** Tells whoever runs the session that there is something new for it, also if the wake-up is lost. */
export async function ringBell(tx: TenantTransactor, sessionId: SessionId): Promise<void> {
  await tx.db
    .updateTable('session_leases')
    .set({ bell: sql<string>`bell + 1` })
    .where('session_id', '=', sessionId)
    .execute()
}

/** Has the node that runs a session let it go and take it up anew, under a new epoch. */
export async function recycleLease(tx: TenantTransactor, sessionId: SessionId): Promise<void> {
  await tx.db
    .updateTable('session_leases')
    .set({ epoch: sql<string>`epoch + 1` })
    .where('session_id', '=', sessionId)
    .where('wanted', '=', true)
    .execute()
}

/**
 * Everything that this node is to run. What it does not run all the same was claimed or opened by a commit of which the answer was lost,
 * and no other node will ever claim it.
 */
export async function leasesOf(database: Database, nodeId: string): Promise<ClaimedSession[]> {
  return database.system(async ({ db }) => {
    const rows = await db
      .selectFrom('session_leases')
      .select(['session_id', 'workspace_id', 'epoch'])
      .where('node_id', '=', nodeId)
      .where('wanted', '=', true)
      .execute()
    return rows.map(row => ({
      sessionId: SessionId.parse(row.session_id),
      workspaceId: WorkspaceId.parse(row.workspace_id),
      fence: { nodeId, epoch: BigInt(row.epoch) },
      priority: 'recent' as const,
    }))
  })
}
