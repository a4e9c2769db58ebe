export type RateLimitDeps = {
  /** Sustained, of one name. */
  perSecond: number
  /** At once after a quiet time. */
  burst: number
  /** Milliseconds of a clock that only goes forward. */
  now?: () => number
}

/** What is left to somebody, in whole requests and seconds. */
export type Allowance = {
  limit: number
  remaining: number
  /** Until all of it is there again. */
  resetSeconds: number
  /** `null`: go ahead. */
  waitSeconds: number | null
}

/** Holds each name to so many requests a second, in memory, on this node. */
export interface RateLimit {
  /**
   * Takes one from each of the names, or from none when one has nothing left.
   * @param names with how many times the allowance of one each has
   * @returns the narrowest
   */
  take(names: readonly { name: string; times: number }[]): Allowance
}

/** More names than these push out those that have asked least lately, so that nobody can fill the memory. */
const mostNames = 50_000

/**
 * A bucket is one number, the moment at which it will be full again: GCRA, ITU-T I.371, "virtual scheduling". A bucket that is full needs not
 * be known at all.
 */
export function createRateLimit({ perSecond, burst, now = () => performance.now() }: RateLimitDeps): RateLimit {
  const fullAt = new Map<string, number>()

  const look = (time: number, { name, times }: { name: string; times: number }) => {
    const everyMs = 1_000 / (perSecond * times)
    const limit = Math.max(1, Math.floor(burst * times))
    const next = Math.max(time, fullAt.get(name) ?? time) + everyMs
    const earlyMs = next - limit * everyMs - time
    return { name, everyMs, limit, next, waitMs: Math.max(0, earlyMs) }
  }

  const allowance = (
    time: number,
    { everyMs, limit, next, waitMs }: ReturnType<typeof look>,
    taken: boolean,
  ): Allowance => {
    const missingMs = taken ? next - time : next - everyMs - time
    return {
      limit,
      remaining: Math.max(0, Math.floor(limit - missingMs / everyMs + 1e-6)),
      resetSeconds: Math.ceil(missingMs / 1_000),
      waitSeconds: taken ? null : Math.max(1, Math.ceil(waitMs / 1_000)),
    }
  }

  return {
    take(names) {
      const time = now()
      const looks = names.map(name => look(time, name))
      const taken = looks.every(({ waitMs }) => waitMs === 0)
      for (const { name, next } of taken ? looks : []) {
        // whoever asks goes to the end of those who are to be forgotten
        fullAt.delete(name)
        fullAt.set(name, next)
        if (fullAt.size > mostNames) fullAt.delete(fullAt.keys().next().value ?? name)
      }
      const allowances = looks.map(each => allowance(time, each, taken))
      return allowances.toSorted(narrower)[0] ?? { limit: burst, remaining: burst, resetSeconds: 0, waitSeconds: null }
    },
  }
}

const narrower = (one: Allowance, other: Allowance): number =>
  (other.waitSeconds ?? 0) - (one.waitSeconds ?? 0) || one.remaining - other.remaining
