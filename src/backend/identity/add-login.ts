import type { UserId } from '../../contract/ids.js'
import { emailTaken, linkOver } from './errors.js'
import type { OwnRows } from './logins-store.js'

/**
 * @throws GatewayError `email_taken`; `link_over` when the place got its login meanwhile
 */
export async function addLogin(
  { db }: OwnRows,
  { userId, email, passwordHash }: { userId: UserId; email: string; passwordHash: string },
): Promise<void> {
  const row = await db
    .insertInto('logins')
    .values({ id: userId, email, password_hash: passwordHash })
    .onConflict(conflict => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  if (row !== undefined) return
  const own = await db.selectFrom('logins').select('id').where('id', '=', userId).executeTakeFirst()
  throw own === undefined ? emailTaken() : linkOver()
}
