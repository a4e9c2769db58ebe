import { setTimeout as delay } from 'node:timers/promises'
import { errorCode } from '../log.js'
import { DatabaseRefusedError } from './database-errors.js'

const retryMs = 1_000

/** Whether the same work may be stored later. Two who were in each other's way until the deadline may not be so the next time. */
const mayPass = (error: unknown): boolean =>
  errorCode(error) === 'database_unavailable' || (error instanceof DatabaseRefusedError && error.retryable)

/**
 * Repeats work while the database is away: for what must be stored however long that takes. Work must be safe to repeat, because a commit
 * may have happened untold. Gives up when `signal` aborts: whoever claims the session later finds it as it was.
 */
export async function untilStored<Result>(work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!mayPass(error) || signal?.aborted === true) throw error
      await delay(retryMs, undefined, { ref: false, ...(signal && { signal }) }).catch(() => {})
    }
  }
}

const soonMs = 150

/**
 * Repeats work for at most so long while the database is away: a restart of it, or a lost connection, passes unnoticed. Work must be safe to
 * repeat, and is given what is left of the time.
 * @throws what the work threw last
 */
export async function patiently<Result>(
  work: (left: { deadlineMs: number }) => Promise<Result>,
  deadlineMs: number,
): Promise<Result> {
  const end = performance.now() + deadlineMs
  for (;;) {
    try {
      return await work({ deadlineMs: Math.max(1, Math.ceil(end - performance.now())) })
    } catch (error) {
      if (errorCode(error) !== 'database_unavailable' || performance.now() + soonMs >= end) throw error
      await delay(soonMs, undefined, { ref: false })
    }
  }
}
