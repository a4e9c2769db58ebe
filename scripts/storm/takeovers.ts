import type { History } from './checker/history.js'
import type { Injected } from './weather.js'

/** Milliseconds from a fault of its owner until another process has claimed a session, and until WhatsApp sees it there. */
export type Takeover = { session: string; from: string; to: string; claimedMs: number; onlineMs: number | null }

/** Each next owner begins it anew. */
const longestWaitMs = 240_000

/** Every change of owner that a fault of the owner explains. */
export function takeovers({ leases, connections, steppedBack }: History, injected: readonly Injected[]): Takeover[] {
  const owners = new Map<string, string>()
  /** It waits because of a login elsewhere, whoever has it. */
  const waits = (session: string, at: number) =>
    steppedBack.some(each => each.session === session && each.at <= at && at - each.at < longestWaitMs)
  return leases.flatMap(({ session, node, wanted, at }) => {
    const before = owners.get(session)
    // whoever has it connect again gives it to a node as well
    if (!wanted) owners.delete(session)
    if (node === null || !wanted) return []
    owners.set(session, node)
    if (before === undefined || before === node) return []
    const fault = injected.findLast(each => each.hit && each.process === before && each.at <= at)
    if (fault === undefined) return []
    const login = connections.find(each => each.session === session && each.node === node && each.loggedInAt >= at)
    const onlineMs = login === undefined || waits(session, at) ? null : login.loggedInAt - fault.at
    return [{ session, from: before, to: node, claimedMs: at - fault.at, onlineMs }]
  })
}

export type Spread = { count: number; p50: number; p95: number; max: number }

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), max: at(1) }
}
