import { sql } from 'kysely'
import type { TenantTransactor } from '../database/tenant-transaction.js'

/**
 * A step of a member's transaction that is the workspace's own business: it sees rows that the member does not. What it throws ends the
 * transaction, so that nothing goes on with these rights.
 */
export const asWorkspace = <T>(tx: TenantTransactor, step: () => Promise<T>): Promise<T> => actingFor(tx, '', step)

/** A step of the workspace's own transaction about one login, whose rows are open to it alone. */
export const asLoginOf = <T>(tx: TenantTransactor, userId: string, step: () => Promise<T>): Promise<T> =>
  actingFor(tx, userId, step)

async function actingFor<T>({ db, scope }: TenantTransactor, userId: string, step: () => Promise<T>): Promise<T> {
  const actFor = (id: string) => sql`select set_config('app.user', ${id}, true)`.execute(db)
  await actFor(userId)
  const done = await step()
  await actFor(scope.userId ?? '')
  return done
}
