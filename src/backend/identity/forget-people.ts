import { sql } from 'kysely'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import { asLoginOf } from './as-workspace.js'

/** Invitations that are over are shown for so long, in days. */
const invitationDays = 30

/** @returns how many went */
export async function forgetInvitations({ db }: TenantTransactor, limit: number): Promise<number> {
  const { rows } = await sql`
    delete from invitations where id in (
      select id from invitations where expires_at < clock_timestamp() - make_interval(days => ${invitationDays}) limit ${limit}
    ) returning id`.execute(db)
  return rows.length
}

/** Sign-ins that are over for good, with all their used tokens, whosever they are: a login may have no workspace. @returns how many went */
export async function forgetSignIns({ db }: TenantTransactor, limit: number): Promise<number> {
  const { rows } = await sql<{ gone: string }>`select forget_sign_ins(${limit}) as gone`.execute(db)
  return Number(rows[0]?.gone ?? 0)
}

/** Whoever has lost their last place may be invited again, with the same login, for so long, in days. */
const loginDays = 30

/**
 * Notes which logins have a place in no workspace, and forgets those that have had none for so long, with all that is theirs.
 * @returns how many were looked at
 */
export async function forgetLogins(tx: TenantTransactor, limit: number): Promise<number> {
  const { rows } = await sql<{ id: string }>`select logins_to_look_at(${loginDays}, ${limit}) as id`.execute(tx.db)
  for (const { id } of rows) await asLoginOf(tx, id, () => lookAt(tx, id))
  return rows.length
}

async function lookAt({ db }: TenantTransactor, id: string): Promise<void> {
  // whoever gives the login a place holds its row until that is stored
  await sql`select from logins where id = ${id} for update`.execute(db)
  const { rows } = await sql<{ placed: boolean }>`
    select exists (select from workspaces_of_login()) as placed`.execute(db)
  if (rows[0]?.placed) await sql`update logins set left_at = null where id = ${id}`.execute(db)
  else {
    const { rows: gone } = await sql`
      delete from logins where id = ${id} and left_at < statement_timestamp() - make_interval(days => ${loginDays})
      returning 1`.execute(db)
    if (gone.length === 0)
      await sql`update logins set left_at = statement_timestamp() where id = ${id} and left_at is null`.execute(db)
  }
}
