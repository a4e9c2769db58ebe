import { bySession, type Connection, type History, type WireWrite } from './history.js'

type OfNode = Connection & { node: string }

/** A connection that WhatsApp ended because another node had logged in as its device. */
export type Eviction = {
  older: OfNode
  newer: OfNode
  /** From the last that WhatsApp heard of the older one's node until the newer one's login; negative: it still spoke after it. */
  silentMs: number
}

/** Two connections of a session of different nodes; `evicted`: the newer one's login ended the older one. */
export type Succession = Eviction & { evicted: boolean }

/**
 * Every connection with each later one of another node. That WhatsApp has a line says nothing of its owner, who may be frozen; what is sent
 * on it does, and a login is the first of that.
 */
export function successions({ connections, writes }: Pick<History, 'connections' | 'writes'>): Succession[] {
  const heardAt = lastHeard(connections, writes)
  return [...bySession(connections).values()].flatMap(all =>
    all.filter(isOfNode).flatMap(older => {
      const successor = replacing(older, all)
      const others = all.filter(isOfNode).filter(({ node, loggedInAt }) => {
        return node !== older.node && loggedInAt >= older.loggedInAt
      })
      return others.map(newer => {
        const silentMs = newer.loggedInAt - (heardAt.get(older.connection) ?? older.loggedInAt)
        return { older, newer, silentMs, evicted: newer === successor }
      })
    }),
  )
}

export const evictions = (history: Pick<History, 'connections' | 'writes'>): Eviction[] =>
  successions(history).filter(({ evicted }) => evicted)

/** Whose login ended a connection: the first one at about that time. */
export function replacing(
  { replaced, closedAt, connection }: Connection,
  all: readonly Connection[],
): Connection | null {
  if (!replaced || closedAt === null) return null
  const later = all.filter(each => each.connection !== connection && each.loggedInAt >= closedAt - 1_000)
  return later.toSorted((a, b) => a.loggedInAt - b.loggedInAt)[0] ?? null
}

const isOfNode = (connection: Connection): connection is OfNode => connection.node !== null

function lastHeard(connections: readonly Connection[], writes: readonly WireWrite[]): Map<number, number> {
  const heard = new Map(connections.map(({ connection, loggedInAt }) => [connection, loggedInAt]))
  for (const { connection, at } of writes) heard.set(connection, Math.max(heard.get(connection) ?? at, at))
  return heard
}
