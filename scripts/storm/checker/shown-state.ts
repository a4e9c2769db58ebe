import {
  bySession,
  type Command,
  type Connection,
  type Finding,
  type History,
  type LeaseChange,
  type Outage,
  type ShownState,
} from './history.js'
import type { Limits } from './limits.js'

const invariant = 'I-16 shown state'

/**
 * What the API says of a session is what WhatsApp sees of it, after a while at most; what somebody has asked for is shown at once, and has that
 * while to be done. Told of once in each stretch of a session's life.
 */
export function shownState(history: History, { shownWithinMs }: Limits): Finding[] {
  const { shown, connections, leases, commands, outages } = history
  const seen = bySession(connections)
  const held = bySession(leases)
  const asked = bySession(commands)
  return [...bySession(shown)].flatMap(([session, samples]) => {
    const of = seen.get(session) ?? []
    const owners = held.get(session) ?? []
    const wishes = asked.get(session) ?? []
    let lying = false
    return samples.flatMap(sample => {
      const wrongSince = sinceOutage(sinceWish(disagreement(sample, of, owners), sample, wishes), sample, outages)
      const before = lying
      lying = wrongSince !== null && sample.at - wrongSince > shownWithinMs
      if (!lying || before || wrongSince === null) return []
      const howLong = wrongSince === -Infinity ? 'ever since' : `for ${Math.round((sample.at - wrongSince) / 1_000)} s`
      const seenAs = sample.state === 'connected' ? 'not connected' : 'connected'
      return [{ invariant, session, at: sample.at, what: `shown as ${sample.state}, ${seenAs} ${howLong}` }]
    })
  })
}

/** Before it was asked for, the opposite was right. */
function sinceWish(wrongSince: number | null, { at }: ShownState, wishes: readonly Command[]): number | null {
  if (wrongSince === null) return null
  return Math.max(wrongSince, ...wishes.filter(({ askedAt }) => askedAt <= at).map(({ askedAt }) => askedAt))
}

/** What was wrong before the database was away could not be mended while it was. */
function sinceOutage(wrongSince: number | null, { at }: ShownState, outages: readonly Outage[]): number | null {
  if (wrongSince === null) return null
  return Math.max(wrongSince, ...outages.filter(({ from }) => from <= at).map(({ to }) => Math.min(to, at)))
}

/** Since when WhatsApp has seen the opposite of what is shown; `null` when it sees the same. */
function disagreement(
  { state, at }: ShownState,
  connections: readonly Connection[],
  owners: readonly LeaseChange[],
): number | null {
  const past = connections.filter(({ loggedInAt }) => loggedInAt <= at)
  const open = past.filter(({ closedAt }) => closedAt === null || closedAt > at)
  if (state !== 'connected') {
    // what a lost owner has left open is not what its successor speaks of
    const owner = owners.findLast(each => each.at <= at)?.node
    const ours = open.filter(({ node }) => owner === undefined || node === owner)
    return ours.length === 0 ? null : Math.min(...ours.map(({ loggedInAt }) => loggedInAt))
  }
  return open.length > 0 ? null : Math.max(-Infinity, ...past.map(({ closedAt }) => closedAt ?? at))
}
