import type { SessionId } from '../../contract/ids.js'
import type { SessionState } from '../../contract/sessions.js'
import type { TenantReader, TenantTransactor } from '../database/tenant-transaction.js'
import './session-tables.js'

/** States that a socket's coming and going does not change. */
const settled: SessionState[] = ['logged_out', 'banned', 'expired', 'superseded', 'handed_off']

/** @returns whether the state or its reason really changed */
export async function setSessionState(
  tx: TenantTransactor,
  sessionId: SessionId,
  state: SessionState,
  reason: string | null = null,
): Promise<boolean> {
  const changed = await tx.db
    .updateTable('sessions')
    .set({ state, reason, since: new Date() })
    .where('id', '=', sessionId)
    .where('state', 'not in', settled)
    .where(row => row.or([row('state', '!=', state), row('reason', 'is distinct from', reason)]))
    .returning('id')
    .executeTakeFirst()
  return changed !== undefined
}

export async function sessionExists(tx: TenantReader, sessionId: SessionId): Promise<boolean> {
  const row = await tx.db.selectFrom('sessions').select('id').where('id', '=', sessionId).executeTakeFirst()
  return row !== undefined
}
