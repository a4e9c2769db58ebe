import { sql } from 'kysely'
import type { SessionId } from '../../contract/ids.js'
import type { SessionHealth } from '../../contract/sessions.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import type { EngineEvent } from '../engine/engine.js'
import type { EventLog } from '../events/event-log.js'
import { pastOccasions, tellOwner } from './session-notices.js'
import { shownState } from './sessions-store.js'

/** What a connection tells of its session besides messages and its own end. */
export type SessionSign = Extract<EngineEvent, { type: 'phone_seen' | 'health' | 'stanza_given_up' }>

export function isSign(event: EngineEvent): event is SessionSign {
  return event.type === 'phone_seen' || event.type === 'health' || event.type === 'stanza_given_up'
}

/**
 * Stores a sign, and tells the owner of one that calls for somebody.
 * @returns whether the session is called deaf that was not before, on whichever node
 */
export async function noteSign(
  events: Pick<EventLog, 'append'>,
  tx: TenantTransactor,
  sessionId: SessionId,
  sign: SessionSign,
): Promise<boolean> {
  switch (sign.type) {
    case 'phone_seen':
      await notePhone(tx, sessionId, sign.at)
      return false
    case 'health':
      return noteHealth(events, tx, sessionId, sign.health)
    case 'stanza_given_up':
      await tellOwner(events, tx, sessionId, 'operator_needed', {
        message: 'WhatsApp held back every message behind one that could not be taken. That one was given up.',
        action: 'Look into the chats on the phone for what is missing here, and tell the operator.',
      })
      return false
  }
}

/** At most hourly: each is a write for a session that is otherwise at rest. */
async function notePhone(tx: TenantTransactor, sessionId: SessionId, at: Date): Promise<void> {
  await tx.db
    .updateTable('sessions')
    .set({ phone_seen_at: at, notices: pastOccasions('phone_seen') })
    .where('id', '=', sessionId)
    .where(sql<boolean>`coalesce(phone_seen_at, '-infinity') < ${at}::timestamptz - interval '59 minutes'`)
    .execute()
}

async function noteHealth(
  events: Pick<EventLog, 'append'>,
  tx: TenantTransactor,
  sessionId: SessionId,
  health: Partial<SessionHealth>,
): Promise<boolean> {
  const isNews = health.inbound === 'deaf' && !(await shownState(tx, sessionId)).deaf
  await tx.db
    .updateTable('sessions')
    .set({ health: sql<string>`health || ${JSON.stringify(health)}::jsonb` })
    .where('id', '=', sessionId)
    .execute()
  if (health.inbound !== 'deaf') return false
  await tellOwner(events, tx, sessionId, 'operator_needed', {
    message: 'The session is connected, but nothing comes in, and new connections have not helped.',
    action: 'Tell the operator: a restart of this server may help.',
  })
  return isNews
}
