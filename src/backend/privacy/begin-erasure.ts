import type { TenantTransactor } from '../database/tenant-transaction.js'
import { addJob } from '../jobs/add-job.js'
import type { Vault } from '../vault/vault.js'
import type { Names } from './contact.js'
import { eraseJob } from './erase-job.js'
import { storeErasure } from './erasures-store.js'

/**
 * Asks for an erasure in the caller's transaction; some node does it once that has committed.
 * @param names of a contact; null: the whole workspace
 * @returns the erasure's id
 */
export async function beginErasure(
  tx: TenantTransactor,
  vault: Pick<Vault, 'workspaceSealer'>,
  names: Names | null,
): Promise<string> {
  const { workspaceId } = tx.scope
  const erasureId = await storeErasure(tx, vault, names)
  const key = `${eraseJob} ${workspaceId} ${erasureId}`
  await addJob(tx, { name: eraseJob, payload: { workspaceId, erasureId }, key })
  return erasureId
}
