import { UserId, type WorkspaceId } from '../../contract/ids.js'
import type { Database } from '../database/database.js'
import type { Tenants } from '../database/tenant-transaction.js'
import { operatorWorkspace } from './operator-workspace.js'

/** The operator's workspace, and the member there who owns whatever nobody else does. */
export type Operator = { workspaceId: WorkspaceId; userId: UserId }

/** Who runs this installation; made on the first start. */
export async function findOperator(database: Database, tenants: Tenants): Promise<Operator> {
  const workspaceId = await operatorWorkspace(database, tenants)
  const userId = await tenants.transact({ workspaceId }, async ({ db }) => {
    // whoever comes second finds what the first has made
    await db.selectFrom('workspaces').select('id').forUpdate().execute()
    const owners = db.selectFrom('app_users').select('id').where('role', '=', 'owner').orderBy('created_at')
    const found = await owners.limit(1).executeTakeFirst()
    const made =
      found ??
      (await db
        .insertInto('app_users')
        .values({ workspace_id: workspaceId, name: 'Operator', role: 'owner' })
        .returning('id')
        .executeTakeFirstOrThrow())
    return UserId.parse(made.id)
  })
  return { workspaceId, userId }
}
