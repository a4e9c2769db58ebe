import { sql, type QueryExecutorProvider } from 'kysely'
import type { Scope } from './scope.js'

/** A data key as stored. `settled` is false when the reading transaction itself made it, which may yet roll back. */
export type StoredDataKey = { id: string; wrapped: Buffer; kekId: string; settled: boolean }

/** The scope's data keys, the newest first. */
export async function findDataKeys(
  db: QueryExecutorProvider,
  { workspaceId, sessionId }: Scope,
): Promise<StoredDataKey[]> {
  // now() is the start of the transaction, and insertDataKey writes it: equality means this transaction's own row.
  const { rows } = await sql<StoredDataKey>`
    select id, wrapped, kek_id as "kekId", created_at <> now() as settled from data_keys
    where workspace_id = ${workspaceId} and session_id is not distinct from ${sessionId}::uuid
    order by created_at desc, id
  `.execute(db)
  return rows
}

export async function insertDataKey(
  db: QueryExecutorProvider,
  { workspaceId, sessionId }: Scope,
  key: { id: string; wrapped: Buffer; kekId: string },
): Promise<void> {
  await sql`
    insert into data_keys (workspace_id, id, session_id, wrapped, kek_id, created_at)
    values (${workspaceId}, ${key.id}, ${sessionId}, ${key.wrapped}, ${key.kekId}, now())
  `.execute(db)
}

/** Makes the others who want to create this workspace's key wait until this transaction ends. */
export async function lockWorkspaceKey(db: QueryExecutorProvider, workspaceId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`whizlite/data-key/${workspaceId}`}, 0))`.execute(db)
}

/**
 * The fingerprint of the secret that wraps new data keys; null before there is one. Until the transaction ends nobody replaces it, so that no
 * key is wrapped with the old one behind the back of whoever does.
 */
export async function wrappingKekId(db: QueryExecutorProvider): Promise<string | null> {
  const { rows } = await sql<{ id: string }>`select kek_id as id from canary for share`.execute(db)
  return rows[0]?.id ?? null
}

/** @returns how much the key has sealed in all */
export async function countSeals(
  db: QueryExecutorProvider,
  { workspaceId }: Scope,
  keyId: string,
  seals: number,
): Promise<number> {
  const { rows } = await sql<{ seals: string }>`
    update data_keys set seals = seals + ${seals} where workspace_id = ${workspaceId} and id = ${keyId}
    returning seals`.execute(db)
  return Number(rows[0]?.seals ?? 0)
}
