import type { History } from './checker/history.js'
import type { Injected } from './weather.js'

/** Milliseconds from a fault of its owner until another process has claimed a session, and until WhatsApp sees it there. */
export type Takeover = { session: string; from: string; to: string; claimedMs: number; onlineMs: number | null }

/** Every change of owner that a fault of the owner explains. */
export function takeovers({ leases, connections }: History, injected: readonly Injected[]): Takeover[] {
  const owners = new Map<string, string>()
  return leases.flatMap(({ session, node, at }) => {
    const before = owners.get(session)
    if (node === null) return []
    owners.set(session, node)
    if (before === undefined || before === node) return []
    const fault = injected.findLast(each => each.process === before && each.at <= at)
    if (fault === undefined) return []
    const login = connections.find(each => each.session === session && each.node === node && each.loggedInAt >= at)
    const onlineMs = login === undefined ? null : login.loggedInAt - fault.at
    return [{ session, from: before, to: node, claimedMs: at - fault.at, onlineMs }]
  })
}

export type Spread = { count: number; p50: number; p95: number; max: number }

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), max: at(1) }
}
