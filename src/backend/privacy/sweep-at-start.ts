import type { Job } from '../jobs/job.js'
import { errorCode, type Log } from '../log.js'

/** Runs once, beside everything else, until it is closed. */
export interface SweepAtStart extends AsyncDisposable {
  /** Returns at once. */
  start(): void
}

/**
 * A process that starts may be the first on a database that was put back, and the one whose data folder knows what was erased from it: it does
 * not leave that to another. What fails is done within the hour.
 */
export function createSweepAtStart({ sweep, log }: { sweep: Job; log: Log }): SweepAtStart {
  const stopping = new AbortController()
  let running: Promise<void> = Promise.resolve()
  return {
    start() {
      running = sweep.run({}, { signal: stopping.signal }).catch((error: unknown) => {
        if (!stopping.signal.aborted) log.warn('not_swept', { code: errorCode(error) })
      })
    },
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await running
    },
  }
}
