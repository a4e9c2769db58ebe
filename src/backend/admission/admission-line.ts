import { DatabaseUnavailableError } from '../database/database-errors.js'

/** Longest time from asking to the answer of the database, in milliseconds. */
export const lineDeadlineMs = 5_000

/**
 * One question to the database at a time: they would wait for each other there, each with a connection that running sessions need.
 * Their order is that of asking, so whoever starts again finds what they left before given back.
 */
export class AdmissionLine {
  #last: Promise<unknown> = Promise.resolve()

  /** @throws DatabaseUnavailableError when its turn came too late; nothing was done then */
  ask<Result>(question: (deadlineMs: number) => Promise<Result>): Promise<Result> {
    const deadline = performance.now() + lineDeadlineMs
    const answer = this.#last.then(() => {
      const left = deadline - performance.now()
      if (left <= 0) throw new DatabaseUnavailableError('busy')
      return question(left)
    })
    this.#last = answer.catch(() => {})
    return answer
  }
}
