import type { Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import type { EventLog } from '../events/event-log.js'
import { assertFence } from '../leases/fence.js'
import type { OpenSession } from '../sessions/open-session.js'
import { moveAttempt } from './attempts-store.js'
import { enqueueDelivery, makeString, storeString, type DeliveryDeps } from './delivery.js'
import { progress, type LinkKind } from './link-progress.js'

export type PrepareDeliveryDeps = DeliveryDeps & { tenants: Tenants; events: EventLog }

export type PrepareDelivery = (session: OpenSession) => Promise<void>

/**
 * Makes the session ID string and stores it sealed under the person, together with both messages where they are wanted, in one transaction.
 * From then on every attempt to deliver uses the ids and bytes stored here.
 */
export function createPrepareDelivery({ tenants, events, ...deps }: PrepareDeliveryDeps): PrepareDelivery {
  return async session => {
    const { sessionId, fence, sealer } = session.identity
    const string = await makeString(deps.settings, session)
    await tenants.transact(session.identity, async tx => {
      await assertFence(tx, sessionId, fence)
      const row = await sessionRow(tx, sessionId)
      if (!(await moveAttempt(tx, sessionId, 'delivering', row.reason))) return
      await storeString(tx, sealer, { ...row, sessionId, string })
      if (row.deliver) await enqueueDelivery(deps, tx, session, { ...row, string, phoneNumber: row.phone_number })
      await events.append(tx, progress(sessionId, 'delivering', row))
    })
  }
}

type SessionRow = LinkKind & { person_id: string; phone_number: string; reason: string | null; deliver: boolean }

/** The session with its attempt's reason: the session's own speaks of its connection, which may have been lost and found meanwhile. */
function sessionRow(tx: TenantTransactor, sessionId: string): Promise<SessionRow> {
  return tx.db
    .selectFrom('sessions')
    .innerJoin('link_attempts', 'link_attempts.session_id', 'sessions.id')
    .select(['sessions.person_id', 'sessions.phone_number', 'sessions.mode'])
    .select(['link_attempts.method', 'link_attempts.reason', 'link_attempts.deliver'])
    .where('sessions.id', '=', sessionId)
    .executeTakeFirstOrThrow()
}
