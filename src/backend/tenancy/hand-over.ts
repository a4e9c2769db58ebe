import { sql } from 'kysely'
import { SessionId } from '../../contract/ids.js'
import type { LinkPhase } from '../../contract/linking.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'

/**
 * Gives what a member leaves behind to the workspace's default user, and shows it to nobody else. For a transaction that acts for the workspace
 * itself, before the member's place in it goes.
 * @returns the sessions that have another owner
 */
export async function handOver({ db, scope }: TenantTransactor, userId: string): Promise<SessionId[]> {
  // a link that they begin at this moment is stored before this, or not at all: it holds the same row
  await db.selectFrom('app_users').select('id').where('id', '=', userId).forUpdate().execute()
  const { rows } = await sql<{ id: string }>`
    update sessions set owner_id = default_user(${scope.workspaceId}), visibility = 'private' where owner_id = ${userId}
    returning id`.execute(db)
  await sql`
    update link_attempts set owner_id = default_user(${scope.workspaceId}) where owner_id = ${userId}`.execute(db)
  return rows.map(({ id }) => SessionId.parse(id))
}

/** What has come to its end keeps nobody: `handOver` of it alone, for whoever leaves. What is under way stays theirs. */
export async function handOverEnded({ db, scope }: TenantTransactor, userId: string): Promise<void> {
  await db.selectFrom('app_users').select('id').where('id', '=', userId).forUpdate().execute()
  await sql`
    update link_attempts set owner_id = default_user(${scope.workspaceId})
    where owner_id = ${userId} and phase = any (${[...ended]})`.execute(db)
}

const ended = ['complete', 'expired', 'cancelled', 'failed'] as const satisfies readonly LinkPhase[]
