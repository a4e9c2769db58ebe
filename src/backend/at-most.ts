/**
 * Runs at most so many at once; the others wait, first come, first served.
 * @param waiting how many may wait; absent: all. Whoever comes then is thrown what `refusal` makes
 */
export function atMost(
  most: number,
  { waiting: mostWaiting = Infinity, refusal = () => new RangeError('too many wait') }: Waiting = {},
): <Result>(work: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = []
  let running = 0
  return async work => {
    if (running >= most) {
      if (waiting.length >= mostWaiting) throw refusal()
      await new Promise<void>(resolve => waiting.push(resolve))
    } else running++
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      // the turn is handed on, so that nobody slips in between
      if (next === undefined) running--
      else next()
    }
  }
}

export type Waiting = { waiting?: number; refusal?: () => Error }
