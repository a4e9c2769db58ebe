import { sql } from 'kysely'
import type { TenantTransactor } from '../database/tenant-transaction.js'

/** A device that was away this long is not on its account any more (two weeks without its phone), so none asks for a message after that. */
const askedFor = '14 days'

/** Erases the bytes of messages that no device can ask for again. The rows stay, with ids, states and times. @returns how many */
export async function clearSettled(tx: TenantTransactor, limit: number): Promise<number> {
  const { rows } = await sql`
    update outbox_messages set proto = null where (workspace_id, id) in (
      select workspace_id, id from outbox_messages
      where proto is not null and settled_at < now() - ${askedFor}::interval limit ${limit} for update skip locked
    ) returning 1`.execute(tx.db)
  return rows.length
}

/** Forgets messages whose bytes are gone and which nobody asks about any more. @returns how many */
export async function forgetSettled(tx: TenantTransactor, days: number, limit: number): Promise<number> {
  const { rows } = await sql`
    delete from outbox_messages where (workspace_id, id) in (
      select workspace_id, id from outbox_messages
      where proto is null and settled_at < now() - make_interval(days => ${days}) limit ${limit} for update skip locked
    ) returning 1`.execute(tx.db)
  return rows.length
}
