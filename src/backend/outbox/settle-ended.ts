import { sql } from 'kysely'
import type { SessionId } from '../../contract/ids.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'

/**
 * Of a session whose device is gone nothing waits any more: nobody could say it. What has no verdict has failed (`session_ended`), a farewell
 * only if the device did not leave with it. In the transaction that shows the end.
 * @param left the device was taken off after its farewell had its verdict
 */
export async function settleEnded(tx: TenantTransactor, sessionId: SessionId, left: boolean): Promise<void> {
  const isSaid = sql`kind = 'farewell' and ${left}`
  await sql`
    update outbox_messages set
      state = case when ${isSaid} then 'sent' else 'failed' end,
      error_code = case when ${isSaid} then null else 'session_ended' end,
      settled_at = clock_timestamp(),
      proto = null
    where session_id = ${sessionId} and state in ('queued', 'sending', 'unconfirmed')`.execute(tx.db)
}
