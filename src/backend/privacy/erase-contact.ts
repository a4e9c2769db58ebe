import { sql } from 'kysely'
import type { SessionId } from '../../contract/ids.js'
import { lockLease } from '../leases/session-leases.js'
import { forgetShredded } from './account-sessions.js'
import { digitsPattern, jidPattern, namedInStanza } from './contact.js'
import { groupNotesStep, sealedSteps, type SealedDeps } from './erase-sealed.js'
import { elsewhere, olderThan, untilNone, type Deletes, type Step } from './erase-step.js'

export type EraseContactDeps = SealedDeps

/**
 * Everything that names a contact but for the keys of Signal, step by step. What hangs on a session of the contact's own account goes with that
 * session, and stays with it (`account-sessions.ts`): there they are no contact but whoever has linked here.
 */
export function contactSteps(deps: EraseContactDeps): Step[] {
  return [
    forgetAccount,
    untilNone(forgetJournal),
    untilNone(forgetOutbox),
    untilNone(forgetRequests),
    ...sealedSteps(deps),
  ]
}

/** Keys of Signal that name them: of these one look may miss what a message that is being read stores again. */
export function keySteps(deps: EraseContactDeps): Step[] {
  return [untilNone(forgetSignalKeys), groupNotesStep(deps)]
}

/** Not counted: it would tell that the number is, or was, linked here. */
const forgetAccount: Step = async (tx, { names, before }) => {
  const { numbers, lids } = names
  await forgetShredded(tx, names, before)
  await sql`
    delete from people where (phone_number = any(${numbers}::text[]) or lid = any(${lids}::text[])) and ${olderThan(before)}
      and not exists (select from sessions s where s.person_id = people.id)`.execute(tx.db)
  return { deleted: 0, after: null }
}

const forgetJournal: Deletes = async (tx, { names, before, limit }) => {
  const sent = sql`coalesce(to_timestamp((stanza ->> 'timestamp')::numeric), created_at)`
  const { rows } = await sql`
    delete from inbound_journal where (workspace_id, session_id, hash) in (
      select workspace_id, session_id, hash from inbound_journal
      where ${namedInStanza(names)} and ${elsewhere(names)} and ${olderThan(before, sent)} limit ${limit}
    ) returning 1`.execute(tx.db)
  return rows.length
}

const forgetOutbox: Deletes = async (tx, { names, before, limit }) => {
  const { rows } = await sql`
    delete from outbox_messages where (workspace_id, id) in (
      select workspace_id, id from outbox_messages
      where recipient ~ ${jidPattern(names)} and ${elsewhere(names)} and ${olderThan(before)} limit ${limit}
    ) returning 1`.execute(tx.db)
  return rows.length
}

/** Programs choose the keys of their requests, and may put a number into them. */
const forgetRequests: Deletes = async (tx, { names, before, limit }) => {
  const { rows } = await sql`
    delete from idempotent_requests where (workspace_id, user_id, asked_by, key) in (
      select workspace_id, user_id, asked_by, key from idempotent_requests
      where key ~ ${digitsPattern(names)} and ${olderThan(before)} limit ${limit}
    ) returning 1`.execute(tx.db)
  return rows.length
}

/**
 * Their next message finds no session, is asked for again, and makes a new one. Under the leases, so that whatever is being stored at this
 * moment is waited for, and seen.
 */
const forgetSignalKeys: Deletes = async (tx, { names, limit }) => {
  const named = sql`id ~ ${digitsPattern(names)} and ${elsewhere(names)}`
  const { rows: sessions } = await sql<{ session_id: SessionId }>`
    select distinct session_id from (select session_id from signal_keys where ${named} limit ${limit}) k order by 1`.execute(
    tx.db,
  )
  const ids = sessions.map(({ session_id }) => session_id)
  for (const id of ids) await lockLease(tx, id)
  const { rows } = await sql`
    delete from signal_keys where (workspace_id, session_id, type, id) in (
      select workspace_id, session_id, type, id from signal_keys
      where session_id = any(${ids}::uuid[]) and ${named} limit ${limit}
    ) returning 1`.execute(tx.db)
  return rows.length
}
