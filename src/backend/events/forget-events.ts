import { sql } from 'kysely'
import type { TenantTransactor } from '../database/tenant-transaction.js'

/** Forgets events that are older than so many days. Whoever asks for what came after one of them gets what is left. @returns how many */
export async function forgetEvents(tx: TenantTransactor, days: number, limit: number): Promise<number> {
  const { rows } = await sql`
    delete from event_log where (workspace_id, seq) in (
      select workspace_id, seq from event_log
      where created_at < now() - make_interval(days => ${days}) order by created_at limit ${limit} for update skip locked
    ) returning 1`.execute(tx.db)
  return rows.length
}
