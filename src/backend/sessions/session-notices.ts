import { sql, type RawBuilder } from 'kysely'
import type { SessionId } from '../../contract/ids.js'
import type { SessionNotice, SessionNoticeCode } from '../../contract/sessions.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import type { EventLog } from '../events/event-log.js'
import './session-tables.js'

/** What ends the occasion of a notice, so that the next one is told again. */
type OccasionEnd = 'connected' | 'phone_seen'

type Words = { message: string; action: string; until: OccasionEnd }

const notices: Readonly<Record<SessionNoticeCode, Words>> = {
  phone_offline: {
    message: 'The phone of this account was last seen online ten days ago or longer.',
    action: 'Connect the phone to the internet and open WhatsApp on it.',
    until: 'phone_seen',
  },
  phone_offline_soon_logged_out: {
    message:
      'The phone of this account was last seen online twelve days ago or longer. After about fourteen days WhatsApp logs linked devices out.',
    action: 'Connect the phone to the internet today and open WhatsApp on it.',
    until: 'phone_seen',
  },
  expires_soon: {
    message: 'This session has not been connected for a long time and expires within three days.',
    action: 'Connect it if you still want it here.',
    until: 'connected',
  },
  long_reconnecting: {
    message: 'The connection to WhatsApp has been lost for a long time. This server goes on trying.',
    action: 'Check that the phone is online and that this server can reach WhatsApp.',
    until: 'connected',
  },
  operator_needed: {
    message: 'This session needs the operator of this server.',
    action: 'Tell the operator.',
    until: 'connected',
  },
}

const codes = Object.keys(notices) as SessionNoticeCode[]

/** A notice with its words, as told at that time. */
export function noticeView(notice: SessionNoticeCode, at: string): SessionNotice {
  const { message, action } = notices[notice]
  return { notice, message, action, at }
}

/**
 * Tells the owner, once per occasion: an event, remembered with the session until the occasion has passed.
 * @param words instead of the usual ones, where more is known; no secret and no number of anybody
 * @returns whether it was told, rather than known already
 */
export async function tellOwner(
  events: Pick<EventLog, 'append'>,
  tx: TenantTransactor,
  sessionId: SessionId,
  notice: SessionNoticeCode,
  words: Partial<Pick<SessionNotice, 'message' | 'action'>> = {},
): Promise<boolean> {
  const told = await tx.db
    .updateTable('sessions')
    .set({ notices: sql<string>`notices || jsonb_build_object(${notice}::text, to_jsonb(clock_timestamp()))` })
    .where('id', '=', sessionId)
    .where(sql<boolean>`not jsonb_exists(notices, ${notice})`)
    .returning('notices')
    .executeTakeFirst()
  const at = told?.notices[notice]
  if (at === undefined) return false
  const data = { sessionId, ...noticeView(notice, new Date(at).toISOString()), ...words }
  await events.append(tx, { event: 'session_notice', data })
  return true
}

/** The column `notices` without those whose occasion this ends. */
export function pastOccasions(end: OccasionEnd): RawBuilder<string> {
  const past = codes.filter(code => notices[code].until === end)
  return sql<string>`notices - ${sql.val(past)}::text[]`
}
