import { setTimeout as delay } from 'node:timers/promises'
import type { Tenants } from '../database/tenant-transaction.js'
import type { EventWakeups } from '../events/event-wakeups.js'
import { assertFence } from '../leases/fence.js'
import { eraseDelivered } from '../outbox/outbox-store.js'
import type { OpenSession } from './open-session.js'

/** Before messages that got no verdict are tried again on the same connection. */
const againMs = 30_000

export type ServeOutboxDeps = { tenants: Tenants; wakeups: Pick<EventWakeups, 'subscribe'> }

/**
 * Sends what a session's outbox holds as long as its connection lives, whichever node has put it there: whoever adds a row wakes the
 * session in the same transaction (`EventLog.wake`), and a wake-up that could be missed is made up for by looking again.
 */
export function createServeOutbox({ tenants, wakeups }: ServeOutboxDeps): (session: OpenSession) => Promise<void> {
  return async session => {
    const { identity, signal } = session
    let ring = () => {}
    const unsubscribe = wakeups.subscribe(identity.sessionId, () => ring())
    signal.addEventListener('abort', () => ring(), { once: true })
    try {
      while (!signal.aborted) {
        // made before the look into the outbox, so that nothing added meanwhile is slept through
        const rung = new Promise<void>(resolve => (ring = resolve))
        const settled = await session.drainOutbox(signal)
        if (signal.aborted) return
        await tenants.transact(identity, async tx => {
          await assertFence(tx, identity.sessionId, identity.fence)
          await eraseDelivered(tx, identity.sessionId)
        })
        await (settled ? rung : Promise.race([rung, delay(againMs, undefined, { ref: false, signal }).catch(() => {})]))
      }
    } finally {
      unsubscribe()
    }
  }
}
