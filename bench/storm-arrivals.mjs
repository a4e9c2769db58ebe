import { setTimeout as delay } from 'node:timers/promises'

/**
 * Begins attempts at times that do not depend on how the earlier ones fare (an open loop), with exponential gaps as of people who do not
 * know of each other. The gaps are the same in every run.
 *
 * @template T
 * @param {{ perMinute: number, items: T[], begin: (item: T, due: number) => Promise<any> }} options
 * @returns {Promise<{ made: any[], failed: Error[] }>} once all have ended
 */
export async function arrive({ perMinute, items, begin }) {
  const dues = dueTimes(items.length, perMinute)
  const since = performance.now()
  const under = []
  for (const [index, item] of items.entries()) {
    const due = since + dues[index]
    await delay(Math.max(0, due - performance.now()))
    under.push(begin(item, due))
  }
  const ended = await Promise.allSettled(under)
  return {
    made: ended.filter(({ status }) => status === 'fulfilled').map(({ value }) => value),
    failed: ended.filter(({ status }) => status === 'rejected').map(({ reason }) => reason),
  }
}

/** Milliseconds from the first arrival; together they take exactly as long as the rate says. */
function dueTimes(count, perMinute) {
  const random = randomNumbers(count * 31 + perMinute)
  const gaps = Array.from({ length: count }, () => -Math.log(1 - random()))
  const scale = (count * 60_000) / perMinute / gaps.reduce((sum, gap) => sum + gap, 0)
  let at = 0
  return gaps.map(gap => (at += gap * scale) - gap * scale)
}

/** Marsaglia's xorshift32: enough for gaps, and the same everywhere. */
function randomNumbers(seed) {
  let state = Math.trunc(seed) | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}
