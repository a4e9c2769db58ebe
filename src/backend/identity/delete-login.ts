import { sql } from 'kysely'
import { removeMember, type ChangeMemberDeps } from './change-member.js'
import { checkPassword, type CheckPasswordDeps, type Shown } from './check-password.js'
import { memberKept } from './errors.js'
import { membershipsOf } from './memberships.js'
import { wakeLogin } from './wake-login.js'

export type DeleteLoginDeps = CheckPasswordDeps & ChangeMemberDeps

/**
 * Takes a login away with its e-mail, password, second factor and sign-ins, and its places in all workspaces first. Whoever has no place left
 * may ask as well.
 * @throws GatewayError those of `checkPassword`; `last_owner` and `member_kept` of a place that cannot be left, after the others are
 */
export async function deleteLogin(deps: DeleteLoginDeps, shown: Shown): Promise<void> {
  const { tenants } = deps
  const { userId } = await checkPassword(deps, shown)
  for (const { workspaceId, role } of await membershipsOf(tenants, userId)) {
    await removeMember(deps, { workspaceId, userId, role, kind: 'user', address: shown.address }, { userId })
  }
  await tenants.asLogin(userId, async tx => {
    // whoever gives the login a place holds its row until that is stored
    await sql`select from logins where id = ${userId} for update`.execute(tx.db)
    const { rows } = await sql<{ placed: boolean }>`
      select exists (select from workspaces_of_login()) as placed`.execute(tx.db)
    if (rows[0]?.placed) throw memberKept('This login has got a place in a workspace just now.', 'Ask again.')
    await sql`delete from logins where id = ${userId}`.execute(tx.db)
    await wakeLogin(tx, userId)
  })
}
