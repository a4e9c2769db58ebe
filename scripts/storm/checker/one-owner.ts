import { bySession, type Connection, type Finding, type History, type LeaseChange, type WireWrite } from './history.js'
import type { Limits } from './limits.js'

const invariant = 'I-7 one owner'

/**
 * Epochs never fall, and rise when a session goes to another node; WhatsApp never has a session twice for longer than a lease allows; and
 * once the node of a newer epoch has spoken, that of an older one has nothing to say; it has been silent for a while by then.
 */
export function oneOwner(history: History, limits: Limits): Finding[] {
  const leases = bySession(history.leases)
  return [
    ...[...leases.values()].flatMap(epochsRise),
    ...[...bySession(history.connections).values()].flatMap(connections => onlineTwice(connections, limits)),
    ...staleWrites(history, leases),
    ...spokenTogether(history, limits),
  ]
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

function onlineTwice(connections: readonly Connection[], { overlapMs }: Limits): Finding[] {
  return connections.flatMap((older, index) =>
    connections.slice(index + 1).flatMap(newer => {
      const from = Math.max(older.loggedInAt, newer.loggedInAt)
      const to = Math.min(older.closedAt ?? Infinity, newer.closedAt ?? Infinity)
      if (to - from <= overlapMs) return []
      const howLong = to === Infinity ? 'to the end' : `for ${to - from} ms`
      const what = `online twice ${howLong}: connections ${older.connection} and ${newer.connection}`
      return [{ invariant, session: newer.session, at: from, what }]
    }),
  )
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

function spokenTogether({ connections, writes }: History, { silentMs }: Limits): Finding[] {
  const spoken = new Map<number, WireWrite[]>()
  for (const write of writes) {
    const before = spoken.get(write.connection)
    if (before === undefined) spoken.set(write.connection, [write])
    else before.push(write)
  }
  return [...bySession(connections).values()].flatMap(all =>
    all.flatMap(older => {
      const newer = replacing(older, all)
      if (newer === null || older.node === null || newer.node === null || newer.node === older.node) return []
      const { session, loggedInAt: at } = newer
      const last = spoken.get(older.connection)?.findLast(write => write.late !== true && write.at <= at)
      if (last === undefined || at - last.at >= silentMs) return []
      return [
        { invariant, session, at, what: `${older.node} spoke ${at - last.at} ms before ${newer.node} threw it out` },
      ]
    }),
  )
}

/** Whose login ended a connection: the first one at about that time. */
function replacing({ replaced, closedAt, connection }: Connection, all: readonly Connection[]): Connection | null {
  if (!replaced || closedAt === null) return null
  const later = all.filter(each => each.connection !== connection && each.loggedInAt >= closedAt - 1_000)
  return later.toSorted((a, b) => a.loggedInAt - b.loggedInAt)[0] ?? null
}

/** The epoch under which a node logged in: that of its latest lease by then. */
function epochOf({ node, loggedInAt }: Connection, changes: readonly LeaseChange[]): Spoken | null {
  if (node === null) return null
  const held = changes.findLast(change => change.node === node && change.at <= loggedInAt)
  return held === undefined ? null : { epoch: held.epoch, node, at: loggedInAt }
}
