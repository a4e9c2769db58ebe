import { sql } from 'kysely'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import './keystore-tables.js'

/**
 * WhatsApp tells a message again when it never heard that it came, at the next login: a session that has not been connected for so long is
 * taken for gone. Until then the plaintext may be all that is left of a message.
 */
const journalKept = '30 days'

/** Forgets plaintexts that no ciphertext will ask for any more. @returns how many */
export async function forgetJournalled(tx: TenantTransactor, limit: number): Promise<number> {
  const { rows } = await sql`
    delete from inbound_journal where (workspace_id, session_id, hash) in (
      select workspace_id, session_id, hash from inbound_journal
      where created_at < now() - ${journalKept}::interval limit ${limit} for update skip locked
    ) returning 1`.execute(tx.db)
  return rows.length
}
