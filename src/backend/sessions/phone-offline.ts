import { sql } from 'kysely'
import type { SessionId } from '../../contract/ids.js'
import type { SessionNoticeCode, SessionState } from '../../contract/sessions.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import type { EventLog } from '../events/event-log.js'
import { tellOwner } from './session-notices.js'
import './session-tables.js'

/**
 * WhatsApp logs linked devices out when their phone has been offline for about two weeks. The two moments are those of mautrix-whatsapp
 * (`pkg/connector/phoneping.go`).
 */
const stages: readonly { days: number; notice: SessionNoticeCode }[] = [
  { days: 12, notice: 'phone_offline_soon_logged_out' },
  { days: 10, notice: 'phone_offline' },
]

/** Whoever is not connected sees no phone; a day later what was missed would have shown. */
const looking: readonly SessionState[] = ['connecting', 'connected', 'reconnecting']

/**
 * Warns owners whose phone was last seen long ago, once at ten and once at twelve days. A phone that was never seen, or that this server has
 * hardly looked for, is not warned of: nothing is known.
 * @param limit the most sessions of one call
 * @returns how many were told; as many as `limit` means that there may be more
 */
export async function phoneOfflineNotices(
  events: Pick<EventLog, 'append'>,
  tx: TenantTransactor,
  limit: number,
): Promise<number> {
  let told = 0
  for (const { days, notice } of stages) {
    const rows = await tx.db
      .selectFrom('sessions')
      .select('id')
      .where('state', 'in', looking)
      .where(sql<boolean>`phone_seen_at < clock_timestamp() - make_interval(days => ${days})`)
      .where(sql<boolean>`not jsonb_exists_any(notices, array['phone_offline_soon_logged_out', ${notice}])`)
      .where(
        sql<boolean>`not exists (
        select from (
          select h.state, h.at, lag(h.state) over (order by h.position) as before
          from session_history h where h.session_id = sessions.id
        ) as step
        where step.before <> all (${looking}) and step.state = any (${looking}) and step.at > clock_timestamp() - interval '1 day'
      )`,
      )
      .orderBy('phone_seen_at')
      .limit(limit - told)
      .execute()
    for (const { id } of rows) if (await tellOwner(events, tx, id as SessionId, notice)) told++
  }
  return told
}
