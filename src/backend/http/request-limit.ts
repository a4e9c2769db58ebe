import { networksOf, type Network } from './network-of.js'

/** Counts what comes from an address, in memory: what is too much costs nobody a question to the database. */
export interface RequestLimit {
  /** Counts one. @returns seconds to wait when it is too many, else `null` */
  take(address: string): number | null
  /** The same, and counts nothing. */
  peek(address: string): number | null
}

export type RequestLimitDeps = {
  /** Of one subscriber; wider networks have as many times of it as `networksOf` says. */
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
  const counted = ({ name }: Network) => counts.get(name) ?? 0
  const peek = (address: string): number | null => {
    const time = now()
    if (time >= endsAt) {
      counts.clear()
      endsAt = time + withinMs
    }
    const isFull = networksOf(address).some(network => counted(network) >= most * network.times)
    return isFull ? Math.ceil((endsAt - time) / 1_000) : null
  }
  return {
    peek,
    take(address) {
      const wait = peek(address)
      if (wait !== null) return wait
      for (const network of networksOf(address)) {
        counts.set(network.name, counted(network) + 1)
        if (counts.size > mostNetworks) counts.delete(counts.keys().next().value ?? network.name)
      }
      return null
    },
  }
}
