import { sql } from 'kysely'
import type { TenantTransactor } from '../database/tenant-transaction.js'

/**
 * A step of a member's transaction that is the workspace's own business: it sees rows that the member does not. What it throws ends the
 * transaction, so that nothing goes on with these rights.
 */
export async function asWorkspace<T>({ db, scope }: TenantTransactor, step: () => Promise<T>): Promise<T> {
  const actFor = (id: string) => sql`select set_config('app.user', ${id}, true)`.execute(db)
  await actFor('')
  const done = await step()
  await actFor(scope.userId ?? '')
  return done
}
