/** Where a job runs: it leaves off when the signal aborts, because its node stops, and is taken up again elsewhere. */
export type JobContext = { signal: AbortSignal }

/**
 * Work that somebody will do once, whichever node it is: after a crash again from its beginning, so it has to be safe to repeat. Its payload
 * holds ids and nothing else.
 */
export type Job = {
  /** Stored with every job of this kind, so it stays what it is. */
  readonly name: string
  /** @throws what makes the job be tried again later, each time after a longer wait; after `jobTries` it is parked */
  run(payload: unknown, context: JobContext): Promise<void>
}

/** Tries of a job, spread over about half an hour, until it is taken for poisoned and parked. */
export const jobTries = 8
