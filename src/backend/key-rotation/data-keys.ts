import { sql } from 'kysely'
import { SessionId, type WorkspaceId } from '../../contract/ids.js'
import type { TenantReader, Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import { lockLease } from '../leases/session-leases.js'
import type { Vault } from '../vault/vault.js'
import type { KeyScope } from './newest-sealer.js'
import { valuesLeft } from './reseal.js'

/** How long nothing may have needed a key before it is deleted: far longer than anybody seals with one that was replaced. */
export const quietSeconds = 600

/** @param which `all`, or those only that have more than one data key */
export async function keyScopes(
  tx: TenantReader,
  workspaceId: WorkspaceId,
  which: 'all' | 'several',
): Promise<KeyScope[]> {
  const least = which === 'all' ? 1 : 2
  const { rows } = await sql<{ sessionId: string | null }>`
    select session_id as "sessionId" from data_keys where workspace_id = ${workspaceId}
    group by session_id having count(*) >= ${least} order by session_id`.execute(tx.db)
  return rows.map(({ sessionId }) => ({ workspaceId, sessionId }))
}

/**
 * Gives a scope a new data key, unless it got one since. Older ones go on opening what they have sealed.
 * @returns whether there is a new one by this
 */
export async function renewDataKey(
  { tenants, vault }: { tenants: Tenants; vault: Pick<Vault, 'createSealer'> },
  scope: KeyScope,
  since: Date,
): Promise<boolean> {
  return tenants.transact({ workspaceId: scope.workspaceId }, async tx => {
    await lockScope(tx, scope)
    const newest = await newestKey(tx, scope)
    if (newest === null || newest.createdAt >= since) return false
    await vault.createSealer(tx, scope)
    return true
  })
}

/**
 * Notes that nothing needs the older keys of a scope, and deletes those that nothing has needed for so long. Kept are all as long as a single
 * value names one of them.
 * @returns how many values name an older key
 */
export async function retireOlderKeys(tenants: Tenants, scope: KeyScope, afterSeconds: number): Promise<number> {
  return tenants.transact({ workspaceId: scope.workspaceId }, async tx => {
    await lockScope(tx, scope)
    const newest = await newestKey(tx, scope)
    if (newest === null) return 0
    const left = await valuesLeft(tx, scope, newest.id)
    const older = sql`workspace_id = ${scope.workspaceId} and session_id is not distinct from ${scope.sessionId}::uuid and id <> ${newest.id}`
    if (left > 0) {
      await sql`update data_keys set retired_at = null where ${older} and retired_at is not null`.execute(tx.db)
      return left
    }
    await sql`
      delete from data_keys where ${older}
      and retired_at < clock_timestamp() - make_interval(secs => ${afterSeconds})`.execute(tx.db)
    await sql`
      update data_keys set retired_at = clock_timestamp() where ${older} and retired_at is null`.execute(tx.db)
    return 0
  })
}

async function newestKey(tx: TenantReader, { workspaceId, sessionId }: KeyScope) {
  const { rows } = await sql<{ id: string; createdAt: Date }>`
    select id, created_at as "createdAt" from data_keys
    where workspace_id = ${workspaceId} and session_id is not distinct from ${sessionId}::uuid
    order by created_at desc, id limit 1`.execute(tx.db)
  return rows[0] ?? null
}

/** One at a time; whoever destroys the keys of a session has its lease locked. */
async function lockScope(tx: TenantTransactor, { workspaceId, sessionId }: KeyScope): Promise<void> {
  if (sessionId !== null) await lockLease(tx, SessionId.parse(sessionId))
  const name = `whizlite/data-key-rotation/${workspaceId}/${sessionId ?? '-'}`
  await sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`.execute(tx.db)
}
