import { sql } from 'kysely'
import type { SessionId } from '../../contract/ids.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import type { EventLog } from '../events/event-log.js'
import { lockSession } from './locked-session.js'
import { putAway } from './put-away.js'

/** How long a deleted session may try to take its device off the account. A restriction, which it waits for, does not count. */
const patience = '10 minutes'

const isOverdue = sql<boolean>`greatest(deleted_at, case when reason = 'restricted' then until end)
  < clock_timestamp() - ${patience}::interval and deleted_at is not null`

/**
 * Puts the credentials of deleted sessions away that could not be logged out in time: nothing connects them any more. A device that is still
 * on the account is one that its owner sees under Linked devices.
 * @returns how many
 */
export async function finishDeletions(
  events: Pick<EventLog, 'wake'>,
  tx: TenantTransactor,
  limit: number,
): Promise<number> {
  const due = await tx.db
    .selectFrom('sessions')
    .select('id')
    .where(isOverdue)
    .where('quarantined_at', 'is', null)
    .where('shredded_at', 'is', null)
    .limit(limit)
    .execute()
  for (const { id } of due) {
    const session = await lockSession(tx, id as SessionId)
    if (session !== null) await putAway(events, tx, session)
  }
  return due.length
}
