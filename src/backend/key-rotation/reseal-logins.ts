import { sql } from 'kysely'
import { UserId, type WorkspaceId } from '../../contract/ids.js'
import type { TenantReader } from '../database/tenant-transaction.js'
import { totpCell } from '../identity/totp-seal.js'
import { newestSealer, sealAnew, type ResealDeps, type Resealed } from './newest-sealer.js'

/** Logins whose secret another key than this one seals. Only the operator's workspace seals for them. */
export async function loginsLeft(tx: TenantReader, workspaceId: WorkspaceId, keyId: string): Promise<UserId[]> {
  const { rows } = await sql<{ id: string }>`
    select id from logins_sealed_otherwise(${keyId}) as id
    where exists (select from meta where key = 'operator_workspace' and value = ${workspaceId})`.execute(tx.db)
  return rows.map(({ id }) => UserId.parse(id))
}

/** As `resealScope`, of what logins have sealed under the operator's workspace: each as the login it belongs to. */
export async function resealLogins(
  { tenants, vault }: ResealDeps,
  workspaceId: WorkspaceId,
  signal: AbortSignal,
): Promise<Resealed> {
  const scope = { workspaceId, sessionId: null }
  const left = await tenants.transact({ workspaceId }, async tx => {
    const sealer = await newestSealer(tx, vault, scope)
    return sealer === null ? [] : loginsLeft(tx, workspaceId, sealer.keyId)
  })
  let [rows, unreadable] = [0, 0]
  for (const userId of left) {
    if (signal.aborted) break
    const done = await tenants.transact({ workspaceId, userId }, async tx => {
      const sealer = await newestSealer(tx, vault, scope)
      const login = await tx.db.selectFrom('logins').select('totp_secret').where('id', '=', userId).executeTakeFirst()
      if (sealer === null || !login?.totp_secret) return { rows: 0, unreadable: 0 }
      const sealed = await sealAnew(tx, sealer, totpCell(userId), login.totp_secret)
      if (sealed === null) return { rows: 0, unreadable: 1 }
      const { numUpdatedRows } = await tx.db
        .updateTable('logins')
        .set({ totp_secret: sealed })
        .where('id', '=', userId)
        .where('totp_secret', '=', login.totp_secret)
        .executeTakeFirst()
      return { rows: Number(numUpdatedRows), unreadable: 0 }
    })
    rows += done.rows
    unreadable += done.unreadable
  }
  return { rows, unreadable }
}
