import { randomUUID } from 'node:crypto'
import type { Erasure } from '../../contract/privacy.js'
import type { TenantReader, TenantTransactor } from '../database/tenant-transaction.js'
import type { Cell } from '../vault/sealer.js'
import type { Vault } from '../vault/vault.js'
import type { Names } from './contact.js'
import './privacy-tables.js'

export const contactCell = (id: string): Cell => ({ table: 'erasures', column: 'contact', row: id })

/** @param names of the contact; null: the whole workspace. @returns its id */
export async function storeErasure(
  tx: TenantTransactor,
  vault: Pick<Vault, 'workspaceSealer'>,
  names: Names | null,
): Promise<string> {
  const { workspaceId } = tx.scope
  const id = randomUUID()
  const sealer = await vault.workspaceSealer(tx, workspaceId)
  const sealed = names === null ? null : await sealer.sealJson(tx, contactCell(id), names)
  await tx.db
    .insertInto('erasures')
    .values({ workspace_id: workspaceId, id, kind: names === null ? 'workspace' : 'contact', contact: sealed })
    .execute()
  return id
}

/** What is still to be erased; null: there is no such erasure, or it is done. */
export async function readContact(
  tx: TenantReader,
  vault: Pick<Vault, 'workspaceSealer'>,
  id: string,
): Promise<{ kind: 'workspace' } | { kind: 'contact'; names: Names } | null> {
  const row = await tx.db
    .selectFrom('erasures')
    .select(['kind', 'contact'])
    .where('id', '=', id)
    .where('done_at', 'is', null)
    .executeTakeFirst()
  if (row === undefined) return null
  if (row.kind === 'workspace') return { kind: 'workspace' }
  if (row.contact === null) return null
  const sealer = await vault.workspaceSealer(tx, tx.scope.workspaceId)
  return { kind: 'contact', names: (await sealer.openJson(tx, contactCell(id), row.contact)) as Names }
}

const mostListed = 200

/** Newest first. @param id of one alone */
export async function listErasures(tx: TenantReader, id?: string): Promise<Erasure[]> {
  let query = tx.db
    .selectFrom('erasures')
    .select(['id', 'kind', 'deleted', 'asked_at', 'done_at'])
    .orderBy('asked_at', 'desc')
    .limit(mostListed)
  if (id !== undefined) query = query.where('id', '=', id)
  const rows = await query.execute()
  return rows.map(({ id: own, kind, deleted, asked_at: askedAt, done_at: doneAt }) => ({
    id: own,
    kind,
    state: doneAt === null ? 'under_way' : 'done',
    deleted: Number(deleted),
    askedAt: askedAt.toISOString(),
    doneAt: doneAt?.toISOString() ?? null,
  }))
}
