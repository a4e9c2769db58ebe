import { setTimeout as delay } from 'node:timers/promises'
import type { LinkMode } from '../../contract/linking.js'
import type { Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import type { EventLog } from '../events/event-log.js'
import { assertFence } from '../leases/fence.js'
import { endLease } from '../leases/session-leases.js'
import { errorCode, type Log } from '../log.js'
import { drainOutbox } from '../outbox/outbox-lane.js'
import { eraseSecrets, laneSummary, type LaneSummary } from '../outbox/outbox-store.js'
import type { OpenSession } from '../sessions/live-session.js'
import type { SessionIdentity } from '../sessions/session-identity.js'
import { setSessionState } from '../sessions/sessions-store.js'
import { moveAttempt, unfinishedAttempt } from './attempts-store.js'
import type { LinkReason } from './link-reasons.js'
import { progress } from './link-progress.js'
import type { PrepareDelivery } from './prepare-delivery.js'

/** After this long without both acks the link is finished all the same, and says that it could not confirm (product contract L8). */
const deliveryLimitMs = 60_000

const retryMs = 1_000

export type FinishLinkDeps = { tenants: Tenants; events: EventLog; prepareDelivery: PrepareDelivery; log: Log }

/**
 * What is left of a link once its session is open: session ID made and stored, both messages sent, hand-over or managed.
 * Reads where it stands and goes on from there, so it may be cut off anywhere and run again on the next connection.
 */
export function createFinishLink(deps: FinishLinkDeps): (session: OpenSession) => Promise<void> {
  const { tenants, prepareDelivery } = deps
  return async session => {
    const { sessionId, workspaceId } = session.identity
    const find = () => tenants.read({ workspaceId }, tx => unfinishedAttempt(tx, sessionId))
    if ((await find())?.phase === 'preparing') await prepareDelivery(session)
    const attempt = await find()
    if (attempt?.phase !== 'delivering') return

    const limit = AbortSignal.timeout(Math.max(0, deliveryLimitMs - attempt.phaseAgeMs))
    const signal = AbortSignal.any([session.signal, limit])
    let settled = false
    while (!settled && !signal.aborted)
      settled = await drainOutbox({ tenants, ...session.identity }, session.connection, signal)
    // the line was lost with time left: the next connection goes on here
    if (settled || limit.aborted) await complete(deps, session, attempt)
  }
}

async function complete(
  deps: FinishLinkDeps,
  session: OpenSession,
  attempt: { mode: LinkMode; reason: string | null },
) {
  const { mode } = attempt
  const { sessionId } = session.identity
  // a bot may take over the moment it is told: two sockets of one device would throw each other out
  if (mode === 'handed_off') await session.release()
  await untilStored(deps, session.identity, async tx => {
    const reason = outcome(await laneSummary(tx, sessionId)) ?? attempt.reason
    if (!(await moveAttempt(tx, sessionId, 'complete', reason))) return
    await eraseSecrets(tx, sessionId)
    if (mode === 'handed_off') {
      await endLease(tx, sessionId)
      await setSessionState(tx, sessionId, 'handed_off', reason)
    }
    await deps.events.append(tx, progress(sessionId, 'complete', mode))
    await deps.events.append(tx, { event: 'complete', data: { sessionId, message: 'Setup complete!' } })
  })
}

function outcome({ open, failed }: LaneSummary): LinkReason | null {
  if (failed > 0) return 'delivery_refused'
  return open > 0 ? 'delivery_unconfirmed' : null
}

/** The connection may be closed by now, so nothing else would try again: goes on until the database takes it or another node has. */
async function untilStored(
  { tenants, log }: FinishLinkDeps,
  identity: SessionIdentity,
  work: (tx: TenantTransactor) => Promise<void>,
) {
  const { workspaceId, sessionId, fence } = identity
  for (;;) {
    try {
      return await tenants.transact({ workspaceId }, async tx => {
        await assertFence(tx, sessionId, fence)
        await work(tx)
      })
    } catch (error) {
      if (errorCode(error) !== 'database_unavailable') throw error
      log.warn('link_not_finished_yet', { sessionId, code: errorCode(error) })
      await delay(retryMs, undefined, { ref: false })
    }
  }
}
