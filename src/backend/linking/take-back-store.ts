import { sql } from 'kysely'
import type { PersonId, SessionId } from '../../contract/ids.js'
import type { SessionState } from '../../contract/sessions.js'
import type { TenantReader, TenantTransactor } from '../database/tenant-transaction.js'
import type { Credentials, TakenBack } from '../engine/engine.js'
import { KeyBatch } from '../engine/key-batch.js'
import { KeyRows } from '../engine/key-rows.js'
import type { EventLog } from '../events/event-log.js'
import type { Sealer } from '../vault/sealer.js'
import '../engine/keystore-tables.js'
import type { SessionReason } from '../sessions/session-reasons.js'
import '../sessions/session-tables.js'
import { setSessionState } from '../sessions/set-session-state.js'

/** Why a session is connecting: it changed hands. */
export type TakenReason = Extract<SessionReason, 'taken_back' | 'imported'>

export type HeldState = { state: SessionState; reason: string | null; deleted: boolean; putAway: boolean }

/** The state of a session and its reason, which stay as they are until the transaction ends. `null`: it was forgotten just now. */
export async function lockState(tx: TenantTransactor, sessionId: SessionId): Promise<HeldState | null> {
  const row = await tx.db
    .selectFrom('sessions')
    .select(['state', 'reason', 'deleted_at', 'quarantined_at'])
    .where('id', '=', sessionId)
    .forUpdate()
    .executeTakeFirst()
  if (row === undefined) return null
  const { state, reason, deleted_at, quarantined_at } = row
  return { state, reason, deleted: deleted_at !== null, putAway: quarantined_at !== null }
}

/**
 * A session that somebody else may run: given to a bot, or taken over by one. A superseded one too: a newer link has made this server forget
 * it, while its device stays on the account until somebody logs it out. Not one whose credentials are put away.
 */
export function isWithBot({ state, reason, putAway }: HeldState): boolean {
  if (putAway) return false
  // while it is reconnecting over this, it waits before it asks once more who has it
  const taken = reason === 'replaced' && (state === 'disconnected' || state === 'reconnecting')
  return taken || state === 'handed_off' || state === 'superseded'
}

/** Those of which there is something left, but for what was deleted: that is as if it had never been. @param ownerId of this member only */
export async function sessionsOf(tx: TenantReader, personId: PersonId, ownerId?: string): Promise<SessionId[]> {
  const query = tx.db
    .selectFrom('sessions')
    .select('id')
    .where('person_id', '=', personId)
    .where('shredded_at', 'is', null)
    .where('deleted_at', 'is', null)
    .$if(ownerId !== undefined, sessions => sessions.where('owner_id', '=', ownerId ?? ''))
  const rows = await query.execute()
  return rows.map(({ id }) => id as SessionId)
}

/** What is stored, and which write of it. */
export type StoredCredentials = { credentials: Credentials; version: string }

export async function storedCredentials(
  tx: TenantReader,
  sealer: Sealer,
  sessionId: SessionId,
): Promise<StoredCredentials | null> {
  const stored = await new KeyRows(sessionId, sealer).versioned(tx)
  return stored && { credentials: { engine: 'baileys', bytes: stored.bytes }, version: stored.version }
}

/** What a session goes on with, in place of what it had. @param over what it was made of; `null`: there was nothing */
export async function storeTaken(
  tx: TenantTransactor,
  sealer: Sealer,
  sessionId: SessionId,
  { credentials, keys, forget }: TakenBack,
  over: StoredCredentials | null,
): Promise<void> {
  await tx.db
    .deleteFrom('signal_keys')
    .where('session_id', '=', sessionId)
    .where('type', 'in', [...forget])
    .execute()
  const batch = new KeyBatch()
  batch.add({ credentials, keys })
  await new KeyRows(sessionId, sealer).write(tx, batch, over?.version ?? null)
  await tx.db.updateTable('session_credentials').set({ staged: false }).where('session_id', '=', sessionId).execute()
}

export async function markTaken(
  events: Pick<EventLog, 'append'>,
  tx: TenantTransactor,
  sessionId: SessionId,
): Promise<void> {
  const reason: TakenReason = 'taken_back'
  const also = { mode: 'managed', taken_back_at: sql<Date>`clock_timestamp()` } as const
  await setSessionState(events, tx, sessionId, { state: 'connecting', reason, also })
}
