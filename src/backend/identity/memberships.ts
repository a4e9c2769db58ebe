import { sql } from 'kysely'
import type { Role } from '../../contract/access.js'
import { WorkspaceId, type UserId } from '../../contract/ids.js'
import type { Tenants, TenantTransactor } from '../database/tenant-transaction.js'

/** A login's place in a workspace. */
export type Membership = { workspaceId: WorkspaceId; workspace: string; role: Role; suspended: boolean; since: Date }

/** All places of a login, the oldest first. */
export async function membershipsOf(tenants: Pick<Tenants, 'asLogin' | 'read'>, userId: UserId): Promise<Membership[]> {
  const ids = await tenants.asLogin(userId, async ({ db }) => {
    const { rows } = await sql<{ id: string }>`select workspaces_of_login() as id`.execute(db)
    return rows.map(({ id }) => WorkspaceId.parse(id))
  })
  const found: Membership[] = []
  for (const workspaceId of ids) {
    const membership = await tenants.read({ workspaceId, userId }, tx => membershipIn(tx, workspaceId, userId))
    if (membership !== null) found.push(membership)
  }
  return found.toSorted((a, b) => a.since.getTime() - b.since.getTime())
}

/** In the workspace whose transaction this is. */
export async function membershipIn(
  { db }: { db: Pick<TenantTransactor['db'], 'selectFrom'> },
  workspaceId: WorkspaceId,
  userId: UserId,
): Promise<Membership | null> {
  const row = await db
    .selectFrom('app_users as u')
    .innerJoin('workspaces as w', 'w.id', 'u.workspace_id')
    .select(['u.role', 'u.suspended_at', 'u.created_at', 'w.name'])
    .where('u.workspace_id', '=', workspaceId)
    .where('u.id', '=', userId)
    .executeTakeFirst()
  if (row === undefined) return null
  return {
    workspaceId,
    workspace: row.name,
    role: row.role,
    suspended: row.suspended_at !== null,
    since: row.created_at,
  }
}
