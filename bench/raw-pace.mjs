import { setTimeout as delay } from 'node:timers/promises'

/**
 * A bucket of tokens as the gateway has one: `burst` at once, then `rate` a second, in the order of asking.
 *
 * @param {{ rate?: number, burst?: number }} limits none: nobody waits
 * @returns {() => Promise<void>}
 */
export function pace({ rate, burst = 1 }) {
  if (rate === undefined) return async () => undefined
  const apart = 1_000 / rate
  let next = performance.now() - burst * apart
  return async () => {
    const now = performance.now()
    next = Math.max(next + apart, now - (burst - 1) * apart)
    if (next > now) await delay(next - now)
  }
}
