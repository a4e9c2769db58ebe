import { setTimeout as delay } from 'node:timers/promises'

/**
 * Turns to connect as the gateway gives them: `burst` at once, then `rate` a second, in the order of asking, and never more than
 * `mostUnderWay` that have begun and not ended.
 *
 * @param {{ rate?: number, burst?: number, mostUnderWay?: number }} limits none: nobody waits
 * @returns {() => Promise<() => void>} a turn; what it resolves to tells that the connect has ended, and may be called again
 */
export function pace({ rate, burst = 1, mostUnderWay = Infinity }) {
  const apart = rate === undefined ? 0 : 1_000 / rate
  const waiting = []
  let next = performance.now() - burst * apart
  let underWay = 0

  const begin = () => {
    underWay += 1
    let ended = false
    return () => {
      if (ended) return
      ended = true
      underWay -= 1
      waiting.shift()?.()
    }
  }
  const place = () => (underWay < mostUnderWay ? undefined : new Promise(resolve => waiting.push(resolve)))
  let queue = Promise.resolve()
  const turn = async () => {
    await place()
    const now = performance.now()
    next = Math.max(next + apart, now - (burst - 1) * apart)
    if (next > now) await delay(next - now)
    return begin()
  }
  return () => (queue = queue.then(turn))
}
