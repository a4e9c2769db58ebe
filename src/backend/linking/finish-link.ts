import { SessionIdError } from '../../session/index.js'
import type { SessionId } from '../../contract/ids.js'
import type { Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import { untilStored } from '../database/until-stored.js'
import type { EventLog } from '../events/event-log.js'
import { assertFence } from '../leases/fence.js'
import { endLease } from '../leases/session-leases.js'
import { errorCode, type Log } from '../log.js'
import { eraseSecrets, laneSummary, type LaneSummary } from '../outbox/outbox-store.js'
import type { OpenSession } from '../sessions/open-session.js'
import type { SessionIdentity } from '../sessions/session-identity.js'
import { setSessionState } from '../sessions/set-session-state.js'
import { unfinishedAttempt, type UnfinishedAttempt } from './attempts-reading.js'
import { moveAttempt } from './attempts-store.js'
import { deliveryLimitMs } from './delivery.js'
import { endUnfinishedLink } from './end-unfinished-link.js'
import type { LinkReason } from './link-reasons.js'
import { progress } from './link-progress.js'
import type { PrepareDelivery } from './prepare-delivery.js'

export type FinishLinkDeps = { tenants: Tenants; events: EventLog; prepareDelivery: PrepareDelivery; log: Log }

/**
 * What is left of a link once its session is open: session ID made and stored, both messages sent, hand-over or managed.
 * Reads where it stands and goes on from there, so it may be cut off anywhere and run again on the next connection.
 */
export function createFinishLink(deps: FinishLinkDeps): (session: OpenSession) => Promise<void> {
  const { tenants, prepareDelivery, log } = deps
  return async session => {
    const { sessionId, workspaceId } = session.identity
    const find = () => tenants.read({ workspaceId }, tx => unfinishedAttempt(tx, sessionId))
    let attempt = await find()
    if (attempt?.phase === 'preparing') {
      try {
        await prepareDelivery(session)
      } catch (error) {
        if (!(error instanceof SessionIdError)) throw error
        return giveUp(deps, session)
      }
      attempt = await find()
    }
    if (attempt?.phase !== 'delivering') return

    const limit = AbortSignal.timeout(Math.max(0, deliveryLimitMs - attempt.phaseAgeMs))
    const signal = AbortSignal.any([session.signal, limit])
    let settled = false
    while (!settled && !signal.aborted) settled = await session.drainOutbox(signal)
    if (settled || limit.aborted) return complete(deps, session, attempt)
    // the line was lost with time left: the next connection goes on here; without one the time still ends
    limit.addEventListener('abort', () => {
      complete(deps, session, attempt).catch((error: unknown) =>
        log.warn('link_not_finished', { sessionId, code: errorCode(error) }),
      )
    })
  }
}

async function complete(deps: FinishLinkDeps, session: OpenSession, attempt: UnfinishedAttempt): Promise<void> {
  const { sessionId } = session.identity
  const { tenants } = deps
  if ((await tenants.read(session.identity, tx => unfinishedAttempt(tx, sessionId))) === null) return
  // a bot may take over the moment it is told: two sockets of one device would throw each other out
  if (attempt.mode === 'handed_off') await session.release()
  await store(deps, session.identity, tx => storeCompletion(deps.events, tx, sessionId, attempt))
}

/** The end of a link whose messages have been sent, or have had their time. Claims no more than WhatsApp has confirmed. */
export async function storeCompletion(
  events: EventLog,
  tx: TenantTransactor,
  sessionId: SessionId,
  attempt: Pick<UnfinishedAttempt, 'mode' | 'method' | 'reason'>,
): Promise<void> {
  const reason = outcome(await laneSummary(tx, sessionId)) ?? attempt.reason
  if (!(await moveAttempt(tx, sessionId, 'complete', reason))) return
  await eraseSecrets(tx, sessionId)
  if (attempt.mode === 'handed_off') {
    await endLease(tx, sessionId)
    await setSessionState(events, tx, sessionId, { state: 'handed_off', reason })
  }
  const done = { event: 'complete', data: { sessionId, message: 'Setup complete!' } } as const
  await events.append(tx, progress(sessionId, 'complete', attempt), done)
}

function outcome({ open, failed }: LaneSummary): LinkReason | null {
  if (failed > 0) return 'delivery_refused'
  return open > 0 ? 'delivery_unconfirmed' : null
}

/** An account that no string can carry: the link fails, the device is taken off again as far as the line allows. */
async function giveUp(deps: FinishLinkDeps, session: OpenSession): Promise<void> {
  const { sessionId } = session.identity
  const state = await session.connection.logout().then(
    () => 'logged_out' as const,
    (error: unknown) => {
      deps.log.warn('device_not_logged_out', { sessionId, code: errorCode(error) })
      return 'disconnected' as const
    },
  )
  await session.release()
  await store(deps, session.identity, async tx => {
    await endUnfinishedLink(deps.events, tx, sessionId, { phase: 'failed', reason: 'session_id_failed' })
    await endLease(tx, sessionId)
    await setSessionState(deps.events, tx, sessionId, { state, reason: 'session_id_failed' })
  })
}

/** The connection may be closed by now, so nothing else would try again. */
function store({ tenants }: FinishLinkDeps, identity: SessionIdentity, work: (tx: TenantTransactor) => Promise<void>) {
  const { workspaceId, sessionId, fence } = identity
  return untilStored(() =>
    tenants.transact({ workspaceId }, async tx => {
      await assertFence(tx, sessionId, fence)
      await work(tx)
    }),
  )
}
