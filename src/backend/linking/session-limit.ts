import { sql } from 'kysely'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import { GatewayError } from '../errors.js'
import { unauthenticated } from '../http/refusals.js'
import { stagedPhases } from './link-phase.js'

/** Sessions and links under way from which nothing is left to use. */
const ended = ['logged_out', 'banned', 'expired', 'superseded']

/**
 * Sees to it that a member may have one more session, in the transaction that makes it or begins its link: of several at once, each waits for
 * the one before. The default user may have any number.
 * @throws GatewayError `session_limit`, `unauthenticated` for somebody who is no member any more
 */
export async function requireRoom({ db }: TenantTransactor, ownerId: string, most: number): Promise<void> {
  const owner = await db
    .selectFrom('app_users')
    .select('is_default')
    .where('id', '=', ownerId)
    .forNoKeyUpdate()
    .executeTakeFirst()
  if (owner === undefined) throw unauthenticated()
  if (owner.is_default) return
  const { rows } = await sql<{ held: number }>`
    select (
      select count(*) from sessions where owner_id = ${ownerId} and deleted_at is null and state <> all (${ended})
    )::int + (
      select count(*) from link_attempts where owner_id = ${ownerId} and phase = any (${[...stagedPhases]})
    )::int as held`.execute(db)
  if ((rows[0]?.held ?? 0) >= most) throw sessionLimit(most)
}

function sessionLimit(most: number): GatewayError {
  return new GatewayError({
    code: 'session_limit',
    status: 409,
    message: `This member has ${most} sessions, which is as many as a member may have here.`,
    action: 'Delete one of them first, or ask the operator to raise WHATSAPP_MAX_SESSIONS_PER_USER.',
  })
}
