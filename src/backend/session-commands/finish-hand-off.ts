import { sql } from 'kysely'
import { SessionIdError } from '../../session/index.js'
import type { SessionId } from '../../contract/ids.js'
import type { Tenants, TenantReader, TenantTransactor } from '../database/tenant-transaction.js'
import { untilStored } from '../database/until-stored.js'
import type { EventLog } from '../events/event-log.js'
import { assertFence } from '../leases/fence.js'
import { endLease } from '../leases/session-leases.js'
import { deliveryLimitMs, enqueueDelivery, makeString, storeString, type DeliveryDeps } from '../linking/delivery.js'
import { dropNotices, eraseSecrets } from '../outbox/outbox-store.js'
import type { OpenSession } from '../sessions/open-session.js'
import { setSessionState } from '../sessions/set-session-state.js'
import { clearHandOff } from './withdraw.js'

export type FinishHandOffDeps = DeliveryDeps & { tenants: Tenants; events: EventLog }

/**
 * What an open connection is given to do for a session that is to be handed off with its session ID: send it, and leave. Nothing for any
 * other session. Reads where it stands, so it may be cut off anywhere and run again on the next connection.
 */
export function createFinishHandOff(deps: FinishHandOffDeps): (session: OpenSession) => Promise<void> {
  return async session => {
    const { identity } = session
    const asked = await deps.tenants.read(identity, tx => handOffAsked(tx, identity.sessionId))
    if (asked === null) return
    try {
      if (asked.queuedMs === null) await queueDelivery(deps, session)
    } catch (error) {
      if (!(error instanceof SessionIdError)) throw error
      return keep(deps, session)
    }
    const limit = AbortSignal.timeout(Math.max(0, deliveryLimitMs - (asked.queuedMs ?? 0)))
    const signal = AbortSignal.any([session.signal, limit])
    let settled = false
    while (!settled && !signal.aborted) settled = await session.drainOutbox(signal)
    // the next connection goes on here
    if (!settled && !limit.aborted) return
    const handedOff = await untilStored(() =>
      deps.tenants.transact(identity, tx => storeHandOff(deps, tx, { session, settled })),
    )
    if (handedOff) await session.release()
  }
}

/** Whether a hand-off is still wanted, and how long ago its messages were stored. */
async function handOffAsked(tx: TenantReader, sessionId: SessionId): Promise<{ queuedMs: number | null } | null> {
  const { rows } = await sql<{ queuedMs: number | null }>`
    select (
      select (extract(epoch from clock_timestamp() - max(m.created_at)) * 1000)::int from outbox_messages m
      where m.session_id = s.id and m.kind = 'secret' and m.created_at >= s.hand_off_at
    ) as "queuedMs"
    from sessions s where s.id = ${sessionId} and s.hand_off_at is not null`.execute(tx.db)
  return rows[0] ?? null
}

async function queueDelivery(deps: FinishHandOffDeps, session: OpenSession): Promise<void> {
  const { sessionId, fence, sealer } = session.identity
  const string = await makeString(deps.settings, session)
  await deps.tenants.transact(session.identity, async tx => {
    await assertFence(tx, sessionId, fence)
    const row = await tx.db
      .selectFrom('sessions')
      .select(['person_id', 'phone_number'])
      .where('id', '=', sessionId)
      .where('hand_off_at', 'is not', null)
      .executeTakeFirst()
    if (row === undefined) return
    await storeString(tx, sealer, { ...row, sessionId, string })
    await enqueueDelivery(deps, tx, session, { string, mode: 'handed_off', phoneNumber: row.phone_number })
  })
}

/**
 * Stored before the socket is closed, because a command that came meanwhile counts: it has another epoch, or has taken the mark away.
 * @returns whether the session is the bot's now
 */
async function storeHandOff(
  { events }: FinishHandOffDeps,
  tx: TenantTransactor,
  { session: { identity }, settled }: { session: OpenSession; settled: boolean },
): Promise<boolean> {
  const { sessionId, fence } = identity
  await assertFence(tx, sessionId, fence)
  if (!(await clearHandOff(tx, sessionId))) return false
  await endLease(tx, sessionId)
  await dropNotices(tx, sessionId)
  await eraseSecrets(tx, sessionId)
  const also = { mode: 'handed_off', taken_back_at: null } as const
  const reason = settled ? 'given_away' : 'delivery_unconfirmed'
  await setSessionState(events, tx, sessionId, { state: 'handed_off', reason, also })
  return true
}

/** An account that no string can carry: the session stays here, and says why. */
async function keep({ tenants, events }: FinishHandOffDeps, { identity }: OpenSession): Promise<void> {
  const { sessionId, fence } = identity
  await tenants.transact(identity, async tx => {
    await assertFence(tx, sessionId, fence)
    if (!(await clearHandOff(tx, sessionId))) return
    await setSessionState(events, tx, sessionId, { state: 'connected', reason: 'session_id_failed' })
  })
}
