import { DatabaseUnavailableError } from '../database/database-errors.js'

/** Longest time that one question may take, in milliseconds. */
export const lineDeadlineMs = 5_000

/** Longest time that a question waits for its turn. */
const longestWaitMs = 20_000

/**
 * One question to the database at a time: they would wait for each other there, each with a connection that running sessions need.
 * Their order is that of asking, so whoever starts again finds what they left before given back.
 */
export class AdmissionLine {
  #last: Promise<unknown> = Promise.resolve()

  /** @throws DatabaseUnavailableError when its turn came too late; nothing was done then */
  ask<Result>(question: (deadlineMs: number) => Promise<Result>): Promise<Result> {
    const latest = performance.now() + longestWaitMs
    const answer = this.#last.then(() => {
      if (performance.now() > latest) throw new DatabaseUnavailableError('busy')
      return question(lineDeadlineMs)
    })
    this.#last = answer.catch(() => {})
    return answer
  }
}
