import type { SessionId } from '../../contract/ids.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import { dropFarewells, eraseSecrets } from '../outbox/outbox-store.js'

/** Takes back what an earlier command has asked for and what has not been done yet: the last one counts. */
export async function withdrawEarlier(tx: TenantTransactor, sessionId: SessionId): Promise<void> {
  await dropFarewells(tx, sessionId)
  await withdrawHandOff(tx, sessionId)
}

/** The same of a hand-off that has not been done yet; a session ID that was not sent by now is not sent. */
export async function withdrawHandOff(tx: TenantTransactor, sessionId: SessionId): Promise<void> {
  if (await clearHandOff(tx, sessionId)) await eraseSecrets(tx, sessionId)
}

/** A hand-off is not to be done any more, or is done. @returns whether one was still asked for */
export async function clearHandOff(tx: TenantTransactor, sessionId: SessionId): Promise<boolean> {
  const { numUpdatedRows } = await tx.db
    .updateTable('sessions')
    .set({ hand_off_at: null })
    .where('id', '=', sessionId)
    .where('hand_off_at', 'is not', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}
