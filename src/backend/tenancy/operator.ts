import { UserId, type WorkspaceId } from '../../contract/ids.js'
import type { Database } from '../database/database.js'
import type { Tenants } from '../database/tenant-transaction.js'
import { defaultUser, operatorWorkspace } from './operator-workspace.js'

/** The operator's workspace, and the member there who owns whatever nobody else does. */
export type Operator = { workspaceId: WorkspaceId; userId: UserId }

/** Who runs this installation; made on the first start. */
export async function findOperator(database: Database, tenants: Tenants): Promise<Operator> {
  const workspaceId = await operatorWorkspace(database, tenants)
  const userId = UserId.parse(await tenants.transact({ workspaceId }, defaultUser))
  return { workspaceId, userId }
}
