import { sql } from 'kysely'
import type { TenantTransactor } from '../database/tenant-transaction.js'

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
