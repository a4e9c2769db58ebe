import { replacing, successions } from './evictions.js'
import { bySession, type Connection, type Finding, type History, type LeaseChange } from './history.js'
import type { Limits } from './limits.js'

const invariant = 'I-7 one owner'

/**
 * Epochs never fall, and rise when a session goes to another node; the node of an older connection has been silent for a while when another
 * one throws it out; and once the node of a newer epoch has spoken, that of an older one has nothing to say.
 */
export function oneOwner(history: History, limits: Limits): Finding[] {
  const leases = bySession(history.leases)
  return [...[...leases.values()].flatMap(epochsRise), ...onlineTwice(history, limits), ...staleWrites(history, leases)]
}

function epochsRise(changes: readonly LeaseChange[]): Finding[] {
  let owner: string | null = null
  let newest = -Infinity
  return changes.flatMap(({ session, node, epoch, at }) => {
    const before = { owner, newest }
    owner = node ?? owner
    newest = Math.max(newest, epoch)
    if (epoch < before.newest) return [{ invariant, session, at, what: `epoch ${epoch} after epoch ${before.newest}` }]
    if (node === null || before.owner === null || node === before.owner || epoch > before.newest) return []
    return [{ invariant, session, at, what: `${before.owner} and ${node} have it under epoch ${epoch}` }]
  })
}

/** What a lease allows is less than nothing: who is thrown out has been silent for a while, and who has left says nothing more. */
function onlineTwice(history: History, { silentMs, onItsWayMs }: Limits): Finding[] {
  return successions(history).flatMap(({ older, newer, silentMs: silent, evicted }) => {
    if (silent >= (evicted ? silentMs : -onItsWayMs)) return []
    const when =
      silent < 0 ? `${-silent} ms after ${newer.node} had logged in` : `${silent} ms before ${newer.node} did`
    const which = `connections ${older.connection} and ${newer.connection}`
    const what = `online twice, ${which}: ${older.node} spoke ${when}`
    return [{ invariant, session: newer.session, at: newer.loggedInAt, what }]
  })
}

type Spoken = { epoch: number; node: string; at: number }

function staleWrites({ connections, writes }: History, leases: ReadonlyMap<string, LeaseChange[]>): Finding[] {
  const epochs = new Map<number, Spoken>()
  for (const connection of connections) {
    const epoch = epochOf(connection, leases.get(connection.session) ?? [])
    if (epoch !== null) epochs.set(connection.connection, epoch)
  }
  const newest = new Map<string, Spoken>()
  const told = new Set<number>()
  const findings: Finding[] = []
  const successors = new Map<number, Spoken | undefined>()
  for (const of of bySession(connections).values()) {
    for (const each of of) successors.set(each.connection, epochs.get(replacing(each, of)?.connection ?? -1))
  }
  for (const { session, connection, at, late } of writes) {
    const speaker = epochs.get(connection)
    if (speaker === undefined) continue
    // a login has spoken, if not in a stanza
    const latest = newerOf(newest.get(session), late === true ? successors.get(connection) : undefined)
    if (latest === undefined || speaker.epoch > latest.epoch) newest.set(session, { ...speaker, at })
    else if (speaker.epoch < latest.epoch && !told.has(connection)) {
      told.add(connection)
      const what = `${speaker.node} writes under epoch ${speaker.epoch}, ${at - latest.at} ms after ${latest.node} under ${latest.epoch}`
      findings.push({ invariant, session, at, what })
    }
  }
  return findings
}

const newerOf = (one: Spoken | undefined, other: Spoken | undefined): Spoken | undefined =>
  one === undefined || (other !== undefined && other.epoch > one.epoch) ? other : one

/** The epoch under which a node logged in: that of its latest lease by then. */
function epochOf({ node, loggedInAt }: Connection, changes: readonly LeaseChange[]): Spoken | null {
  if (node === null) return null
  const held = changes.findLast(change => change.node === node && change.at <= loggedInAt)
  return held === undefined ? null : { epoch: held.epoch, node, at: loggedInAt }
}
