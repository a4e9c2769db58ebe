import { sql } from 'kysely'
import type { SessionId } from '../../contract/ids.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import { signalKeyCell } from '../engine/key-cells.js'
import { lockLease, revokeLease } from '../leases/session-leases.js'
import { lockPersonOf } from '../sessions/sessions-store.js'
import { shredDue, type ShredDeps } from '../sessions/shred.js'
import type { Vault } from '../vault/vault.js'
import { digitsPattern, jidPattern, namedInStanza, type Names } from './contact.js'

/** Deletes so many rows of a contact at most, in the caller's transaction. @returns how many; as many as the limit: there may be more */
type Step = (tx: TenantTransactor, names: Names, limit: number) => Promise<number>

export type EraseContactDeps = Pick<ShredDeps, 'events'> & { vault: Pick<Vault, 'sealer' | 'forget'> }

/**
 * Everything that names a contact, step by step. Where the contact is the owner of an account that is linked here, its sessions are destroyed
 * whole, as at the end of a quarantine: nobody is logged out for it.
 */
export function contactSteps(deps: EraseContactDeps): Step[] {
  return [
    (tx, names, limit) => destroySessions(deps, tx, names, Math.min(limit, 20)),
    forgetPeople,
    forgetJournal,
    forgetOutbox,
    forgetRequests,
    forgetSignalKeys,
    (tx, names) => forgetGroupNotes(deps, tx, names),
  ]
}

async function destroySessions(
  deps: EraseContactDeps,
  tx: TenantTransactor,
  names: Names,
  limit: number,
): Promise<number> {
  const { rows } = await sql<{ id: SessionId }>`
    select id from sessions
    where phone_number = any(${names.numbers}::text[]) or split_part(split_part(lid, '@', 1), ':', 1) = any(${names.lids}::text[])
    limit ${limit}`.execute(tx.db)
  for (const { id } of rows) {
    await lockPersonOf(tx, id)
    await lockLease(tx, id)
    await revokeLease(tx, id)
    const now = sql<Date>`clock_timestamp()`
    await tx.db
      .updateTable('sessions')
      .set({ deleted_at: now, quarantined_at: now, shred_at: now, shredded_at: null })
      .where('id', '=', id)
      .execute()
  }
  if (rows.length > 0) await shredDue(deps, tx, rows.length)
  return rows.length
}

const forgetPeople: Step = async (tx, { numbers, lids }, limit) => {
  const { rows } = await sql`
    delete from people p where id in (
      select id from people where (phone_number = any(${numbers}::text[]) or lid = any(${lids}::text[]))
        and not exists (select from sessions s where s.person_id = people.id) limit ${limit}
    ) returning 1`.execute(tx.db)
  return rows.length
}

const forgetJournal: Step = async (tx, names, limit) => {
  const { rows } = await sql`
    delete from inbound_journal where (workspace_id, session_id, hash) in (
      select workspace_id, session_id, hash from inbound_journal where ${namedInStanza(names)} limit ${limit}
    ) returning 1`.execute(tx.db)
  return rows.length
}

const forgetOutbox: Step = async (tx, names, limit) => {
  const { rows } = await sql`
    delete from outbox_messages where (workspace_id, id) in (
      select workspace_id, id from outbox_messages where recipient ~ ${jidPattern(names)} limit ${limit}
    ) returning 1`.execute(tx.db)
  return rows.length
}

/** Programs choose the keys of their requests, and may put a number into them. */
const forgetRequests: Step = async (tx, names, limit) => {
  const { rows } = await sql`
    delete from idempotent_requests where (workspace_id, user_id, asked_by, key) in (
      select workspace_id, user_id, asked_by, key from idempotent_requests where key ~ ${digitsPattern(names)} limit ${limit}
    ) returning 1`.execute(tx.db)
  return rows.length
}

/** Their next message finds no session, is asked for again, and makes a new one. */
const forgetSignalKeys: Step = async (tx, names, limit) => {
  const { rows } = await sql`
    delete from signal_keys where (workspace_id, session_id, type, id) in (
      select workspace_id, session_id, type, id from signal_keys where id ~ ${digitsPattern(names)} limit ${limit}
    ) returning 1`.execute(tx.db)
  return rows.length
}

/** What a session notes of a group names its members: without the note it gives them the key of the group anew. */
async function forgetGroupNotes({ vault }: EraseContactDeps, tx: TenantTransactor, names: Names): Promise<number> {
  const type = 'sender-key-memory'
  const { workspaceId } = tx.scope
  const pattern = new RegExp(digitsPattern(names))
  const rows = await tx.db
    .selectFrom('signal_keys')
    .select(['session_id', 'id', 'value'])
    .where('type', '=', type)
    .execute()
  for (const { session_id: sessionId, id, value } of rows) {
    const sealer = await vault.sealer(tx, { workspaceId, sessionId })
    const opened = await sealer.open(tx, signalKeyCell(sessionId, type, id), value)
    if (!pattern.test(opened.toString())) continue
    await tx.db
      .deleteFrom('signal_keys')
      .where('session_id', '=', sessionId)
      .where('type', '=', type)
      .where('id', '=', id)
      .execute()
  }
  // looked through whole: there is no next batch
  return 0
}
