import type { UserId, WorkspaceId } from '../../contract/ids.js'
import type { Tenants } from '../database/tenant-transaction.js'
import type { Cell } from '../vault/sealer.js'
import type { Vault } from '../vault/vault.js'

/** Seals the secrets of authenticators: a login belongs to no workspace, so they are sealed under the operator's. */
export type TotpSeal = {
  seal(userId: UserId, secret: Uint8Array): Promise<Buffer>
  open(userId: UserId, sealed: Uint8Array): Promise<Buffer>
}

export type TotpSealDeps = { tenants: Pick<Tenants, 'transact'>; vault: Vault; workspaceId: () => WorkspaceId }

const cellOf = (userId: UserId): Cell => ({ table: 'logins', column: 'totp_secret', row: userId })

export function createTotpSeal({ tenants, vault, workspaceId }: TotpSealDeps): TotpSeal {
  const sealer = () => tenants.transact({ workspaceId: workspaceId() }, tx => vault.workspaceSealer(tx, workspaceId()))
  return {
    seal: async (userId, secret) => (await sealer()).seal(cellOf(userId), secret),
    open: async (userId, sealed) => (await sealer()).open(cellOf(userId), sealed),
  }
}
