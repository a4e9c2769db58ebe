import type { UserId, WorkspaceId } from '../../contract/ids.js'
import type { Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import type { Cell, Sealer } from '../vault/sealer.js'
import type { Vault } from '../vault/vault.js'

/** Seals the secrets of authenticators: a login belongs to no workspace, so they are sealed under the operator's. */
export type TotpSeal = {
  seal(userId: UserId, secret: Uint8Array): Promise<Buffer>
  open(userId: UserId, sealed: Uint8Array): Promise<Buffer>
}

export type TotpSealDeps = { tenants: Pick<Tenants, 'transact'>; vault: Vault; workspaceId: () => WorkspaceId }

export const totpCell = (userId: string): Cell => ({ table: 'logins', column: 'totp_secret', row: userId })

export function createTotpSeal({ tenants, vault, workspaceId }: TotpSealDeps): TotpSeal {
  const sealing = (work: (tx: TenantTransactor, sealer: Sealer) => Promise<Buffer>) =>
    tenants.transact({ workspaceId: workspaceId() }, async tx =>
      work(tx, await vault.workspaceSealer(tx, workspaceId())),
    )
  return {
    seal: (userId, secret) => sealing((tx, sealer) => sealer.seal(tx, totpCell(userId), secret)),
    open: (userId, sealed) => sealing((tx, sealer) => sealer.open(tx, totpCell(userId), sealed)),
  }
}
