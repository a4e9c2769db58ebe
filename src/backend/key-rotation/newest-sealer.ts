import type { WorkspaceId } from '../../contract/ids.js'
import type { Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import type { Cell, Sealer } from '../vault/sealer.js'
import { VaultError } from '../vault/vault-error.js'
import type { Vault } from '../vault/vault.js'

/** A session's data keys, or with null the workspace's own. */
export type KeyScope = { workspaceId: WorkspaceId; sessionId: string | null }

export type ResealDeps = { tenants: Tenants; vault: Pick<Vault, 'sealer'> }

/** `unreadable`: values that were left as they are, because they do not open. */
export type Resealed = { rows: number; unreadable: number }

/** Of the key that is the newest now. @returns null when the keys were destroyed meanwhile, with all they had sealed */
export async function newestSealer(
  tx: TenantTransactor,
  vault: Pick<Vault, 'sealer'>,
  scope: KeyScope,
): Promise<Sealer | null> {
  try {
    const sealer = await vault.sealer(tx, scope)
    await sealer.renew(tx)
    return sealer
  } catch (error) {
    if (error instanceof VaultError && error.code === 'data_key_missing') return null
    throw error
  }
}

/** @returns null when it does not open: it stays as it is, and so does the key it names */
export async function sealAnew(
  tx: TenantTransactor,
  sealer: Sealer,
  cell: Cell,
  value: Buffer,
): Promise<Buffer | null> {
  try {
    return await sealer.seal(tx, cell, await sealer.open(tx, cell, value))
  } catch (error) {
    if (error instanceof VaultError) return null
    throw error
  }
}
