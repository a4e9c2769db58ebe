import type { SessionId } from '../../contract/ids.js'
import type { TenantReader, TenantTransactor } from '../database/tenant-transaction.js'
import type { Cell } from '../vault/sealer.js'
import type { Vault } from '../vault/vault.js'
import './session-tables.js'

const nameCell = (sessionId: SessionId): Cell => ({ table: 'sessions', column: 'name', row: sessionId })

/** Sealed with the workspace's key, so that a list of many sessions is read with one. */
export async function storeName(
  tx: TenantTransactor,
  vault: Vault,
  sessionId: SessionId,
  name: string | null,
): Promise<void> {
  const sealer = await vault.workspaceSealer(tx, tx.scope.workspaceId)
  await tx.db
    .updateTable('sessions')
    .set({ name: name === null ? null : sealer.seal(nameCell(sessionId), Buffer.from(name)) })
    .where('id', '=', sessionId)
    .execute()
}

/** The names of these sessions, of those that have one. */
export async function readNames(
  tx: TenantReader,
  vault: Vault,
  sessionIds: readonly SessionId[],
): Promise<Map<SessionId, string>> {
  if (sessionIds.length === 0) return new Map()
  const rows = await tx.db
    .selectFrom('sessions')
    .select(['id', 'name'])
    .where('id', 'in', [...sessionIds])
    .where('name', 'is not', null)
    .execute()
  if (rows.length === 0) return new Map()
  const sealer = await vault.workspaceSealer(tx, tx.scope.workspaceId)
  return new Map(
    rows.flatMap(({ id, name }) => {
      const sessionId = id as SessionId
      return name === null ? [] : [[sessionId, sealer.open(nameCell(sessionId), name).toString('utf8')] as const]
    }),
  )
}
