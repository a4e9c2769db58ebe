import { networkOf } from './network-of.js'

/** Counts what comes from an address, in memory: what is too much costs nobody a question to the database. */
export interface RequestLimit {
  /** Counts one. @returns seconds to wait when it is too many, else `null` */
  take(address: string): number | null
}

export type RequestLimitDeps = {
  most: number
  withinMs: number
  /** Milliseconds of a clock that only goes forward. */
  now?: () => number
}

/** More addresses than this push the first ones out, so that nobody can fill the memory. */
const mostNetworks = 50_000

export function createRequestLimit({ most, withinMs, now = () => performance.now() }: RequestLimitDeps): RequestLimit {
  const counts = new Map<string, number>()
  let endsAt = 0
  return {
    take(address) {
      const time = now()
      if (time >= endsAt) {
        counts.clear()
        endsAt = time + withinMs
      }
      const network = networkOf(address)
      const count = (counts.get(network) ?? 0) + 1
      if (count > most) return Math.ceil((endsAt - time) / 1_000)
      counts.set(network, count)
      if (counts.size > mostNetworks) counts.delete(counts.keys().next().value ?? network)
      return null
    },
  }
}
