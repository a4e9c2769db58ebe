import type { Tenants } from '../database/tenant-transaction.js'
import { errorCode, type Log } from '../log.js'
import { endedOrLeft } from './attempts-reading.js'
import type { RunningAttempts } from './running-attempts.js'

/** A visitor in the queue who has given no sign of life for so long has left (product contract L11). */
const leftAfterMs = 60_000

export type TendAttemptsDeps = { tenants: Tenants; running: RunningAttempts; log: Log }

/**
 * Looks after the attempts of this node: those that another node has ended fall silent and free their place, those whose visitor has
 * left the queue are ended. Costs one query for each workspace that has one, and none while nothing runs.
 */
export async function tendAttempts({ tenants, running, log }: TendAttemptsDeps): Promise<void> {
  for (const [workspaceId, ids] of running.ids()) {
    try {
      const found = await tenants.read({ workspaceId }, tx => endedOrLeft(tx, ids, leftAfterMs))
      for (const { sessionId, left } of found) {
        const attempt = await running.get(sessionId)
        if (left) await attempt?.end({ phase: 'expired', reason: 'left_queue' })
        else await attempt?.abort({ phase: 'cancelled', reason: 'cancelled' })
      }
    } catch (error) {
      log.warn('attempts_not_tended', { code: errorCode(error) })
    }
  }
}
