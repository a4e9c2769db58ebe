import type { SessionId } from '../../contract/ids.js'
import type { TenantReader, TenantTransactor } from '../database/tenant-transaction.js'
import type { Cell } from '../vault/sealer.js'
import type { Vault } from '../vault/vault.js'
import './session-tables.js'

export const nameCell = (sessionId: string): Cell => ({ table: 'sessions', column: 'name', row: sessionId })

/** Sealed with the workspace's key, so that a list of many sessions is read with one. */
export async function storeName(
  tx: TenantTransactor,
  vault: Vault,
  sessionId: SessionId,
  name: string | null,
): Promise<void> {
  const sealer = await vault.workspaceSealer(tx, tx.scope.workspaceId)
  const sealed = name === null ? null : await sealer.seal(tx, nameCell(sessionId), Buffer.from(name))
  await tx.db.updateTable('sessions').set({ name: sealed }).where('id', '=', sessionId).execute()
}

/** Opens names without a transaction. */
export type KnownNames = {
  /** @returns undefined where the key has to be read first */
  of(workspaceId: string, session: { id: string; name: Buffer | null }): string | null | undefined
}

/** More names than these push out those that were opened first. */
const mostNames = 10_000

/** Remembers what it has opened as long as the same is stored: to open all names of a list takes as long as the rest of it. */
export function createKnownNames(vault: Pick<Vault, 'openKnown'>): KnownNames {
  const opened = new Map<string, { sealed: Buffer; name: string }>()
  return {
    of(workspaceId, { id, name: sealed }) {
      if (sealed === null) return null
      const place = `${workspaceId} ${id}`
      const known = opened.get(place)
      if (known?.sealed.equals(sealed) === true) return known.name
      const name = vault.openKnown({ workspaceId, sessionId: null }, nameCell(id), sealed)?.toString('utf8')
      if (name === undefined) return undefined
      opened.delete(place)
      opened.set(place, { sealed, name })
      if (opened.size > mostNames) opened.delete(opened.keys().next().value ?? place)
      return name
    },
  }
}

/** Sealed for `sessions.name`. @returns undefined where the keys have to be read first, for which there must be a transaction */
export function sealKnownName(
  vault: Vault,
  workspaceId: string,
  { sessionId, name }: { sessionId: SessionId; name: string },
): Buffer | undefined {
  return vault.sealKnown({ workspaceId, sessionId: null }, nameCell(sessionId), Buffer.from(name)) ?? undefined
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
  const names = new Map<SessionId, string>()
  for (const { id, name } of rows) {
    if (name !== null) names.set(id as SessionId, (await sealer.open(tx, nameCell(id), name)).toString('utf8'))
  }
  return names
}
