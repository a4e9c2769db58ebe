import { randomUUID } from 'node:crypto'
import { WorkspaceId } from '../../contract/ids.js'
import type { Database } from '../database/database.js'
import type { Tenants } from '../database/tenant-transaction.js'

const metaKey = 'operator_workspace'

/**
 * The workspace of whoever runs this installation: sessions linked on the public page belong there. Made on the first start;
 * of several first starts at once, one decides its id.
 */
export async function operatorWorkspace(database: Database, tenants: Tenants): Promise<WorkspaceId> {
  const workspaceId = await database.system(async ({ db }) => {
    await db
      .insertInto('meta')
      .values({ key: metaKey, value: randomUUID() })
      .onConflict(conflict => conflict.column('key').doNothing())
      .execute()
    const row = await db.selectFrom('meta').select('value').where('key', '=', metaKey).executeTakeFirstOrThrow()
    return WorkspaceId.parse(row.value)
  })
  await tenants.transact({ workspaceId }, async ({ db }) => {
    await db
      .insertInto('workspaces')
      .values({ id: workspaceId, name: 'Operator', slug: 'operator' })
      .onConflict(conflict => conflict.doNothing())
      .execute()
  })
  return workspaceId
}
