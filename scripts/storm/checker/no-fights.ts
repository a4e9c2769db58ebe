import { bySession, type Connection, type Finding, type History } from './history.js'
import type { Limits } from './limits.js'

const invariant = 'I-14 no fights'

/** Between a login elsewhere and WhatsApp's end of ours. */
const sameMomentMs = 1_000

/**
 * Where somebody outside has logged in as a session's device, it steps back: the table of reactions (reliability 1.1, 440) has one try after
 * a minute, and no second one that throws the other out again.
 */
export function noFights(history: History, limits: Limits): Finding[] {
  return [...bySession(history.connections)].flatMap(([session, connections]) => {
    const foreign = connections.filter(({ node }) => node === null)
    if (foreign.length === 0) return []
    const ours = connections.filter(({ node }) => node !== null)
    return thrownOut(connections).flatMap(end => fightAfter(session, end, { history, limits, ours, foreign }))
  })
}

/** When connections of ours ended because somebody outside had logged in. */
export function thrownOut(connections: readonly Connection[]): number[] {
  const foreign = connections.filter(({ node }) => node === null)
  return connections.flatMap(({ node, replaced, closedAt }) => {
    if (node === null || !replaced || closedAt === null) return []
    return foreign.some(({ loggedInAt }) => Math.abs(loggedInAt - closedAt) < sameMomentMs) ? [closedAt] : []
  })
}

type Side = { history: History; limits: Limits; ours: readonly Connection[]; foreign: readonly Connection[] }

function fightAfter(session: string, end: number, { history, limits, ours, foreign }: Side): Finding[] {
  const { quietMs, within, most } = limits.replaced
  const finding = (what: string) => [
    { invariant, session, at: end, what: `${what} after somebody else had logged in as this device` },
  ]
  const from = knownFrom(session, end, history, limits)
  const soon = ours.find(({ loggedInAt: at }) => from !== null && at > from && at <= end + quietMs)
  if (soon !== undefined) return finding(`back ${soon.loggedInAt - end} ms`)
  const blows = ours.filter(
    ({ loggedInAt: at }) =>
      at > end && at <= end + within && foreign.some(({ replaced, closedAt }) => replaced && near(closedAt, at)),
  )
  return blows.length < most ? [] : finding(`threw it out ${blows.length} times`)
}

const near = (one: number | null, other: number) => one !== null && Math.abs(one - other) < sameMomentMs

/**
 * From when on nobody of ours may come back: the end itself, of which whoever was thrown out was told. Where the database was away then, that
 * one may have lost the session before it could tell the others: then only from when it was stored, `null`: never.
 */
function knownFrom(
  session: string,
  end: number,
  { outages, steppedBack }: History,
  { overlapMs }: Limits,
): number | null {
  if (!outages.some(({ from, to }) => from <= end + overlapMs && to >= end - overlapMs)) return end
  return steppedBack.find(each => each.session === session && each.at >= end - sameMomentMs)?.at ?? null
}
