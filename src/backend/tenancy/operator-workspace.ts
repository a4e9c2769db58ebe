import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { WorkspaceId } from '../../contract/ids.js'
import type { Database } from '../database/database.js'
import type { Tenants, TenantTransactor } from '../database/tenant-transaction.js'

const metaKey = 'operator_workspace'

/**
 * The workspace of whoever runs this installation: sessions linked on the public page belong there, to its default user. Both are made on
 * the first start; of several first starts at once, one decides its id.
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
  await tenants.transact({ workspaceId }, async tx => {
    await tx.db
      .insertInto('workspaces')
      .values({ id: workspaceId, name: 'Operator', slug: 'operator' })
      .onConflict(conflict => conflict.doNothing())
      .execute()
    await defaultUser(tx)
  })
  return workspaceId
}

/** The member who owns whatever nobody else in this workspace does; made when there is none yet. */
export async function defaultUser({ db, scope }: TenantTransactor): Promise<string> {
  const { rows } = await sql<{ id: string }>`select default_user(${scope.workspaceId}) as id`.execute(db)
  const [row] = rows
  if (row === undefined) throw new TypeError('A function that returns one value returns one row.')
  return row.id
}
