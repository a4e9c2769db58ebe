import { sql } from 'kysely'
import type { SessionId } from '../../contract/ids.js'
import type { TenantReader, TenantTransactor } from '../database/tenant-transaction.js'
import { endLease } from '../leases/session-leases.js'
import './session-tables.js'

/**
 * Puts a session's credentials away: they stay, sealed, but no socket may use them, until they are destroyed after so many days. Its lease
 * ends, so nothing connects it. A session that is in quarantine already stays until the earlier of both ends. The caller holds the fence or
 * has locked the lease.
 */
export async function quarantine(
  tx: TenantTransactor,
  sessionId: SessionId,
  { days }: { days: number },
): Promise<void> {
  await endLease(tx, sessionId)
  await tx.db
    .updateTable('sessions')
    .set({
      quarantined_at: sql<Date>`coalesce(quarantined_at, clock_timestamp())`,
      shred_at: sql<Date>`least(shred_at, clock_timestamp() + make_interval(days => ${days}))`,
    })
    .where('id', '=', sessionId)
    .where('shredded_at', 'is', null)
    .execute()
}

/** `shredded`: there is nothing left to restore. */
export type Restored = 'restored' | 'not_quarantined' | 'shredded'

/**
 * Lets a session's credentials be used again, as long as they exist. What has to happen so that it connects is the caller's: its state, its
 * lease. Locks the session's row; the lease has to be locked before.
 */
export async function restoreFromQuarantine(tx: TenantTransactor, sessionId: SessionId): Promise<Restored> {
  const row = await tx.db
    .selectFrom('sessions')
    .select(['quarantined_at', 'shredded_at', sql<boolean>`coalesce(shred_at <= clock_timestamp(), false)`.as('over')])
    .where('id', '=', sessionId)
    .forUpdate()
    .executeTakeFirst()
  if (row === undefined || row.shredded_at !== null) return 'shredded'
  if (row.quarantined_at === null) return 'not_quarantined'
  if (row.over) return 'shredded'
  await tx.db
    .updateTable('sessions')
    .set({ quarantined_at: null, shred_at: null })
    .where('id', '=', sessionId)
    .execute()
  return 'restored'
}

/** Until when a session can be restored; `null` for one that is not in quarantine, or of which nothing is left. */
export async function quarantinedUntil(tx: TenantReader, sessionId: SessionId): Promise<Date | null> {
  const row = await tx.db
    .selectFrom('sessions')
    .select('shred_at')
    .where('id', '=', sessionId)
    .where('shredded_at', 'is', null)
    .executeTakeFirst()
  return row?.shred_at ?? null
}
