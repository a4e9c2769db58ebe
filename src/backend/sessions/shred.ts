import { sql } from 'kysely'
import type { SessionId } from '../../contract/ids.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import type { EventLog } from '../events/event-log.js'
import { lockLease, removeLease, revokeLease } from '../leases/session-leases.js'
import type { Vault } from '../vault/vault.js'
import { keptDays } from './retention.js'
import './session-tables.js'
import { lockPersonOf } from './sessions-store.js'
import { setSessionState } from './set-session-state.js'

/** What says nothing without its session, the keys that open it first: with them goes whatever backups still hold of the rest. */
const ofSessions = [
  'data_keys',
  'session_credentials',
  'signal_keys',
  'inbound_journal',
  'session_strings',
  'outbox_messages',
  'own_chat_commands',
  'link_attempts',
] as const

export type ShredDeps = { events: Pick<EventLog, 'append'>; vault: Pick<Vault, 'forget'> }

/**
 * Destroys what sessions could ever be opened with, once their quarantine has ended, or thirty days after they were handed over to a bot:
 * data keys, credentials, Signal keys, journal, session ID and messages, each session whole. What an older backup holds of them stays shut,
 * because the keys that are left do not fit. Nobody is connected, told or logged out for it. A row with ids and times remains to tell of the
 * session; of one that was deleted nothing does.
 * @returns how many were looked at
 */
export async function shredDue(deps: ShredDeps, tx: TenantTransactor, limit: number): Promise<number> {
  const due = await tx.db.selectFrom('sessions').select('id').where(isDue).limit(limit).execute()
  for (const { id } of due) await shredIfDue(deps, tx, id as SessionId)
  return due.length
}

const isDue = () =>
  sql<boolean>`shredded_at is null and (
    shred_at <= clock_timestamp()
    or state = 'handed_off' and since <= clock_timestamp() - make_interval(days => ${keptDays.handedOff})
  )`

async function shredIfDue({ events, vault }: ShredDeps, tx: TenantTransactor, sessionId: SessionId): Promise<void> {
  // the person first: whoever takes the session back, which may be deleted here, has locked both in this order
  await lockPersonOf(tx, sessionId)
  // whoever restores or takes back the session is waited for, and seen
  await lockLease(tx, sessionId)
  const session = await tx.db
    .selectFrom('sessions')
    .select(['state', 'deleted_at'])
    .where('id', '=', sessionId)
    .where(isDue)
    .forUpdate()
    .executeTakeFirst()
  if (session === undefined) return
  // a socket that is still open somewhere writes nothing after this
  await revokeLease(tx, sessionId)
  for (const table of ofSessions) await tx.db.deleteFrom(table).where('session_id', '=', sessionId).execute()
  if (session.deleted_at !== null) await forgetSession(tx, sessionId)
  else await keepTombstone(tx, sessionId)
  if (session.state === 'handed_off')
    await setSessionState(events, tx, sessionId, { state: 'expired', reason: 'copy_erased' })
  const { workspaceId } = tx.scope
  tx.onCommit(() => vault.forget({ workspaceId, sessionId }))
}

async function keepTombstone(tx: TenantTransactor, sessionId: SessionId): Promise<void> {
  const now = sql<Date>`clock_timestamp()`
  await tx.db
    .updateTable('sessions')
    .set({
      name: null,
      quarantined_at: sql<Date>`coalesce(quarantined_at, ${now})`,
      shred_at: sql<Date>`coalesce(shred_at, ${now})`,
      shredded_at: now,
    })
    .where('id', '=', sessionId)
    .execute()
}

/** The row of one that is destroyed, with all that was told of it. The account behind it is forgotten with its last session. */
export async function forgetSession(tx: TenantTransactor, sessionId: SessionId): Promise<void> {
  await removeLease(tx, sessionId)
  await tx.db.deleteFrom('event_log').where('session_id', '=', sessionId).execute()
  const { person_id } = await tx.db
    .deleteFrom('sessions')
    .where('id', '=', sessionId)
    .returning('person_id')
    .executeTakeFirstOrThrow()
  await sql`
    delete from people where id = ${person_id} and not exists (select from sessions where person_id = ${person_id})`.execute(
    tx.db,
  )
}
