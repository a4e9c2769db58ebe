import { bySession, type Connect, type Finding, type History, type Outage, type Try } from './history.js'
import type { Bucket, Limits } from './limits.js'

const invariant = 'I-14 connects'

/** Connects stay within the buckets of their node and of all nodes, and no session tries too often. */
export function boundedConnects({ connects, tries, stalls }: History, limits: Limits): Finding[] {
  const inOrder = connects.toSorted((a, b) => a.at - b.at)
  const nodes = new Set(inOrder.map(({ node }) => node))
  return [
    ...overrun(inOrder, limits.total, limits, stalls, 'all nodes'),
    ...[...nodes].flatMap(node =>
      overrun(
        inOrder.filter(connect => connect.node === node),
        limits.perNode,
        limits,
        stalls,
        node,
      ),
    ),
    ...[...bySession(tries).values()].flatMap(of => tooOften(of, limits)),
  ]
}

/** A bucket as it must have been, with what may have been delayed on its way; told of once for each time it was overrun. */
function overrun(
  connects: readonly Connect[],
  bucket: Bucket,
  { connectDelayMs }: Limits,
  stalls: readonly Outage[],
  whose: string,
): Finding[] {
  const roomAt = (at: number) => {
    const near = stalls.filter(({ from, to }) => from <= at && at <= to + connectDelayMs)
    const stalledMs = near.reduce((sum, { from, to }) => sum + to - from, 0)
    return bucket.burst + (bucket.perSecond * (connectDelayMs + stalledMs)) / 1_000
  }
  let level = Infinity
  let last = -Infinity
  let over = false
  return connects.flatMap(({ at }) => {
    level = Math.min(roomAt(at), level + (bucket.perSecond * (at - last)) / 1_000) - 1
    last = at
    const first = level < 0 && !over
    over = level < 0
    const what = `${whose}: more connects than ${bucket.burst} at once and ${bucket.perSecond}/s allow`
    return first ? [{ invariant, session: null, at, what }] : []
  })
}

function tooOften(tries: readonly Try[], { perSession }: Limits): Finding[] {
  const index = tries.findIndex((each, nth) => {
    const later = tries[nth + perSession.most]
    return later !== undefined && later.at - each.at < perSession.withinMs
  })
  const first = tries[index]
  if (first === undefined) return []
  const what = `more than ${perSession.most} connects within ${perSession.withinMs / 1_000} s`
  return [{ invariant, session: first.session, at: first.at, what }]
}
