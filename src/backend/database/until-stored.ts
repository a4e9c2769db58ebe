import { setTimeout as delay } from 'node:timers/promises'
import { errorCode } from '../log.js'

const retryMs = 1_000

/**
 * Repeats work while the database is away: for what must be stored however long that takes. Work must be safe to repeat, because a commit
 * may have happened untold. Gives up when `signal` aborts: whoever claims the session later finds it as it was.
 */
export async function untilStored<Result>(work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (errorCode(error) !== 'database_unavailable' || signal?.aborted === true) throw error
      await delay(retryMs, undefined, { ref: false, ...(signal && { signal }) }).catch(() => {})
    }
  }
}
