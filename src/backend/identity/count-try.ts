/** What is known of a subject before a try: wrong ones in this window, its waits so far, seconds since the window began and until a wait ends. */
export type Tries = { wrong: number; level: number; age: number; left: number | null }

export type Counted = {
  wrong: number
  level: number
  /** A new window begins: now, or at the end of the wait. */
  begins: boolean
  /** A wait begins, so long. */
  coolsForSeconds: number | null
  /** The try is refused for so long; null: it may go on. */
  waitSeconds: number | null
}

const windowSeconds = 15 * 60
const firstWaitSeconds = 60
const longestWaitSeconds = 15 * 60

/** Counts one more try. After a wait there is one try at once, and the next wrong one begins a wait twice as long. */
export function countTry({ wrong, level, age, left }: Tries, most: number): Counted {
  const same = { wrong, level, begins: false, coolsForSeconds: null }
  if (left !== null && left > 0) return { ...same, waitSeconds: left }
  const fresh = age > windowSeconds
  const before = fresh ? 0 : wrong
  if (before < most) return { ...same, wrong: before + 1, begins: fresh, waitSeconds: null }
  const seconds = Math.min(longestWaitSeconds, firstWaitSeconds * 2 ** level)
  return { wrong: most - 1, level: level + 1, begins: true, coolsForSeconds: seconds, waitSeconds: seconds }
}
