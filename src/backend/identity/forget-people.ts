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

/**
 * Sign-ins that are over for good, with all their used tokens: of the members of the workspace, one after the other, because each login's are
 * open to it alone.
 * @returns how many went
 */
export async function forgetSignIns(tx: TenantTransactor, limit: number): Promise<number> {
  const members = await tx.db.selectFrom('app_users').select('id').execute()
  let gone = 0
  for (const { id } of members) {
    if (gone >= limit) break
    gone += await asLoginOf(tx, id, async () => {
      const { rows } = await sql`
        delete from refresh_families where id in (
          select id from refresh_families where expires_at < clock_timestamp() limit ${limit - gone}
        ) returning id`.execute(tx.db)
      return rows.length
    })
  }
  return gone
}
