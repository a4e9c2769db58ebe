import type { AdmissionLine } from './admission-line.js'

/** So many at most in one question, during which no other node can decide. */
const mostTogether = 50

type Waiting<Start, Answer> = { start: Start; resolve: (answer: Answer) => void; reject: (error: unknown) => void }

/** Starts that come while the database is being asked are asked for in one question: a crowd waits for a few answers, not for hundreds. */
export class StartsTogether<Start, Answer> {
  readonly #waiting: Waiting<Start, Answer>[] = []

  /** @param question answers each start, in the order given */
  constructor(
    private readonly line: AdmissionLine,
    private readonly question: (starts: readonly Start[], deadlineMs: number) => Promise<readonly Answer[]>,
  ) {}

  /** @throws whatever the question or the line throws */
  ask(start: Start): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const waiting = { start, resolve, reject }
      this.#waiting.push(waiting)
      this.line
        .ask(deadlineMs => this.#next(deadlineMs))
        .catch((error: unknown) => {
          const place = this.#waiting.indexOf(waiting)
          if (place >= 0) this.#waiting.splice(place, 1)
          reject(error)
        })
    })
  }

  async #next(deadlineMs: number): Promise<void> {
    const together = this.#waiting.splice(0, mostTogether)
    // somebody's turn before this one took them along
    if (together.length === 0) return
    try {
      const answers = await this.question(
        together.map(({ start }) => start),
        deadlineMs,
      )
      for (const [index, { resolve, reject }] of together.entries()) {
        const answer = answers[index]
        if (answer === undefined) reject(new Error('a start was not answered'))
        else resolve(answer)
      }
    } catch (error) {
      for (const { reject } of together) reject(error)
    }
  }
}
