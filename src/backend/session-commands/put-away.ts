import type { TenantTransactor } from '../database/tenant-transaction.js'
import type { EventLog } from '../events/event-log.js'
import { revokeLease } from '../leases/session-leases.js'
import { dropNotices, eraseSecrets } from '../outbox/outbox-store.js'
import { quarantine } from '../sessions/quarantine.js'
import { keptDays } from '../sessions/retention.js'
import type { LockedSession } from './locked-session.js'
import { withdrawEarlier } from './withdraw.js'

/** Has nothing more done for a session that was deleted: nobody runs it, says anything for it or connects it, and its quarantine begins. */
export async function putAway(
  events: Pick<EventLog, 'wake'>,
  tx: TenantTransactor,
  { sessionId, nodeId }: Pick<LockedSession, 'sessionId' | 'nodeId'>,
): Promise<void> {
  await withdrawEarlier(tx, sessionId)
  await dropNotices(tx, sessionId)
  await eraseSecrets(tx, sessionId)
  await revokeLease(tx, sessionId)
  await quarantine(tx, sessionId, { days: keptDays.ended })
  await events.wake(tx, nodeId)
}
