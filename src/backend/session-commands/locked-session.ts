import type { SessionId } from '../../contract/ids.js'
import type { LinkMode } from '../../contract/linking.js'
import type { SessionState } from '../../contract/sessions.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import '../leases/lease-tables.js'
import '../sessions/session-tables.js'

/** A session while a command decides about it: nobody else changes it, and nobody writes under its lease, before the transaction ends. */
export type LockedSession = {
  sessionId: SessionId
  state: SessionState
  reason: string | null
  /** When a restriction ends. */
  until: Date | null
  mode: LinkMode
  phoneNumber: string
  deleted: boolean
  /** Its credentials are put away, or destroyed. */
  quarantined: boolean
  /** A hand-off has been asked for and is not done yet. */
  handOffAsked: boolean
  ownerId: string
  /** Some node is to run it, connected or not. */
  runs: boolean
  /** The node that runs it, or did last. */
  nodeId: string
}

/** @returns null for an id of no session in this scope. The lease is locked first, as everywhere. */
export async function lockSession(tx: TenantTransactor, sessionId: SessionId): Promise<LockedSession | null> {
  const lease = await tx.db
    .selectFrom('session_leases')
    .select(['wanted', 'node_id'])
    .where('session_id', '=', sessionId)
    .where('workspace_id', '=', tx.scope.workspaceId)
    .forUpdate()
    .executeTakeFirst()
  const row = await tx.db
    .selectFrom('sessions')
    .select([
      'state',
      'reason',
      'until',
      'mode',
      'phone_number',
      'deleted_at',
      'hand_off_at',
      'quarantined_at',
      'shredded_at',
      'owner_id',
    ])
    .where('id', '=', sessionId)
    .forUpdate()
    .executeTakeFirst()
  if (lease === undefined || row === undefined) return null
  const { state, reason, until, mode } = row
  return {
    sessionId,
    state,
    reason,
    until,
    mode,
    phoneNumber: row.phone_number,
    deleted: row.deleted_at !== null,
    quarantined: row.quarantined_at !== null || row.shredded_at !== null,
    handOffAsked: row.hand_off_at !== null,
    ownerId: row.owner_id,
    runs: lease.wanted,
    nodeId: lease.node_id,
  }
}

/** Whether WhatsApp has said until when this account is not to connect, and that time is still to come, whatever it rests over by now. */
export function isRestricted(session: LockedSession): session is LockedSession & { until: Date } {
  return session.until !== null && session.until.getTime() > Date.now()
}
