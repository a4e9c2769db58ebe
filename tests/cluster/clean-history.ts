import type { Connection, CredentialContents, History, LeaseChange } from '../../scripts/storm/checker/history.js'
import type { Random } from '../../scripts/storm/random.js'

export const nodes = ['node 1', 'node 2', 'node 3'] as const

/** Histories can be changed while they are made, and by mutants. */
export type Draft = { -readonly [Part in keyof History]: History[Part][number][] }

const start = Date.UTC(2026, 0, 1)
const minutes = 60_000

/** What a cluster without any fault of its own may leave behind: lost lines, takeovers, frozen owners thrown out by new ones. */
export function cleanHistory(random: Random): Draft {
  const draft: Draft = {
    connections: [],
    writes: [],
    connects: [],
    tries: [],
    leases: [],
    credentials: [],
    endings: [],
    steppedBack: [],
    connected: [],
    commands: [],
    refusals: [],
    keys: [],
    messages: [],
    outages: [],
    stalls: [],
    shown: [],
    resources: [],
  }
  const end = start + random.between(6, 12) * minutes
  const sessions = random.between(2, 6)
  for (let index = 1; index <= sessions; index += 1) live(draft, `session ${index}`, end, random)
  draft.writes.sort((a, b) => a.at - b.at)
  draft.connects.sort((a, b) => a.at - b.at)
  for (const node of nodes) {
    const open = draft.connections.filter(each => each.node === node && each.closedAt === null).length
    const handles = random.between(20, 60)
    const told = { heapBytes: random.between(40, 90) * 2 ** 20, timers: random.between(10, 40) }
    const quiet = { node, listenerWarnings: 0 }
    const more = { heapBytes: told.heapBytes * 1.8, timers: told.timers + 60 }
    draft.resources.push(
      { ...quiet, mark: 'baseline', at: start, sockets: sessions, owned: sessions, handles, told },
      { ...quiet, mark: 'end', at: end, sockets: open, owned: open, handles: handles + 5, told: more },
    )
  }
  return draft
}

type Owned = LeaseChange & { node: string }

function live(draft: Draft, session: string, end: number, random: Random): void {
  let lease: Owned = { session, epoch: 1, node: random.oneOf(nodes), wanted: true, at: start }
  let version = 1
  draft.leases.push(lease)
  draft.credentials.push({ session, version, contents: contentsOf(version), at: start })
  let at = start + random.between(0, 4_000)
  for (;;) {
    const loggedInAt = at + random.between(20, 300)
    const closesAt = loggedInAt + random.between(70, 200) * 1_000
    const last = closesAt > end - minutes
    const number = draft.connections.length + 1
    const connection: Connection = {
      session,
      connection: number,
      node: lease.node,
      loggedInAt,
      closedAt: last ? null : closesAt,
      replaced: false,
    }
    draft.connects.push({ node: lease.node, at })
    draft.tries.push({ session, at })
    // a frozen one says nothing: it is thrown out later
    const speaking = Math.min(closesAt, end) - 2_000
    for (let writing = loggedInAt + 10; writing < speaking; writing += random.between(1, 30) * 1_000) {
      draft.writes.push({ session, connection: number, at: writing })
      use(draft, { session, at: writing, version })
      receive(draft, session, writing, random)
      version += 1
    }
    draft.connections.push(connection)
    draft.connected.push({ session, at: loggedInAt + 10 })
    if (last) break
    const before = lease
    if (
      !draft.steppedBack.some(each => each.session === session) &&
      random.next() < (session === 'session 1' ? 1 : 0.3)
    ) {
      at = stepBack(draft, connection, closesAt, random)
      continue
    }
    lease = follow(draft, before, closesAt, random)
    at = (lease === before ? closesAt : lease.at) + random.between(50, 4_000)
    obey(draft, session, { from: closesAt, to: at }, random)
    if (lease !== before && random.next() < 0.5) {
      // its owner was frozen: WhatsApp hears of its end only when the next one logs in
      connection.closedAt = at + random.between(300, 900)
      connection.replaced = true
    }
  }
  show(draft, session, end, random)
}

/** Who has it next: often the same node, at times another one, as soon as a lease allows. */
function follow(draft: Draft, lease: Owned, closedAt: number, random: Random): Owned {
  if (random.next() < 0.5) return lease
  const node = random.oneOf(nodes.filter(other => other !== lease.node))
  // handed off, it is nobody's in between
  if (random.next() < 0.5) draft.leases.push({ ...lease, node: null, at: closedAt })
  const next = { ...lease, epoch: lease.epoch + 1, node, at: closedAt + random.between(1, 12_000) }
  draft.leases.push(next)
  return next
}

/** Somebody else has its credentials, for a while. @returns when it tries again */
function stepBack(draft: Draft, connection: Connection, at: number, random: Random): number {
  const { session } = connection
  const loggedInAt = at - random.between(0, 200)
  const number = draft.connections.length + 1
  const foreign = { session, connection: number, node: null, loggedInAt, closedAt: at + random.between(500, 20_000) }
  connection.replaced = true
  draft.connections.push({ ...foreign, replaced: false })
  draft.steppedBack.push({ session, at: at + random.between(5, 500) })
  return at + random.between(60_000, 120_000)
}

/** Whoever operates it has asked for what happened. */
function obey(draft: Draft, session: string, { from, to }: { from: number; to: number }, random: Random): void {
  if (random.next() < 0.5) {
    const connects = { session, name: 'reconnect', wish: 'connects', askedAt: from - 20, answeredAt: from } as const
    return void draft.commands.push({ ...connects, state: 'connecting', until: Infinity })
  }
  const rests = { session, name: 'disconnect', wish: 'rests', askedAt: from - 20, answeredAt: from } as const
  const connects = { session, name: 'connect', wish: 'connects', askedAt: to - 10, answeredAt: to } as const
  draft.commands.push({ ...rests, state: 'disconnected', until: to - 10 })
  draft.commands.push({ ...connects, state: 'connecting', until: Infinity })
}

/** What is not there at first comes, and then stays. */
const contentsOf = (version: number): CredentialContents => ({
  rising: { nextPreKeyId: 31 + version, accountSyncCounter: Math.floor(version / 5) },
  fixed: { me: version === 1 ? null : 'digest of an account', 'noise key': 'digest of a key' },
})

function use(draft: Draft, { session, version, at }: { session: string; version: number; at: number }): void {
  draft.credentials.push({ session, version: version + 1, contents: contentsOf(version + 1), at })
  const keys = [
    { session, kind: 'message key', key: `chain 1, ${version}`, hash: `hash ${version}`, at },
    { session, kind: 'pre-key', key: String(version), hash: `hash ${version}`, at },
  ] as const
  // the same once more is a message that was sent again
  draft.keys.push(...keys, ...keys)
}

function receive(draft: Draft, session: string, at: number, random: Random): void {
  const id = `message ${draft.messages.length + 1}`
  draft.messages.push({
    session,
    id,
    sentAt: at - random.between(5, 60_000),
    arrivedAt: at,
    refused: null,
    stored: true,
  })
}

/** The API is behind by less than it may be. */
function show(draft: Draft, session: string, end: number, random: Random): void {
  const connections = draft.connections.filter(each => each.session === session)
  for (let at = start + 1_000; at < end; at += 5_000) {
    const then = at - random.between(0, 28_000)
    const online = connections.some(each => each.loggedInAt <= then && (each.closedAt === null || each.closedAt > then))
    draft.shown.push({ session, state: online ? 'connected' : 'reconnecting', at })
  }
}
