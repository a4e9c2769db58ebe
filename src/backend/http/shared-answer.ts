export type SharedAnswerDeps<Answer> = {
  ask: () => Promise<Answer>
  /** How long an answer is passed on, in milliseconds since it was asked for. */
  forMs: number
  /** Milliseconds of a clock that only goes forward. */
  now?: () => number
}

/**
 * One question at a time for all who ask, however many: whoever comes while it is under way, or a short while after, gets its answer.
 * @returns asks, and throws what the question throws
 */
export function shareAnswer<Answer>({
  ask,
  forMs,
  now = () => performance.now(),
}: SharedAnswerDeps<Answer>): () => Promise<Answer> {
  let answer: Promise<Answer> | null = null
  let underWay = false
  let until = 0
  return () => {
    if (answer !== null && (underWay || now() < until)) return answer
    until = now() + forMs
    underWay = true
    answer = ask().finally(() => (underWay = false))
    return answer
  }
}
