import type { ConnectionSpan } from '../../src/simulator/index.js'
import type { ClusterNode } from '../../tests/cluster/cluster-node.js'
import { until } from '../../tests/cluster/cluster.js'
import { recovery, seconds, type FaultTarget } from './target.js'

type StandStill = { begin: () => void; end: () => Promise<void> | void }

/**
 * As long as others may take to log in: a lease, what is waited after it, and a turn among many. Not for longer: of what is asked of it
 * meanwhile a node that stands still hears nothing, and its lines stay.
 */
const othersInMs = 20_000
/** What must be online before, as parts of all sessions and of the node's share: who has a long queue is in very late. */
const enough = { ofAll: 3 / 4, ofNode: 1 / 4 }
/** Each look is at every line there has been. */
const lookEveryMs = 500

/**
 * Has a node stand still while WhatsApp still has its lines, until its lease has run out and another node has logged in as one of its
 * sessions: of two that are online as one device, the older one has nothing to say any more, nor when it goes on.
 * @throws Error when it comes to nothing: too little is online, the lines are lost otherwise, or nobody takes over
 */
export async function outliveLease(
  node: ClusterNode,
  target: Omit<FaultTarget, 'database' | 'reserved'>,
  { begin, end }: StandStill,
): Promise<void> {
  const { cluster, signal, strikes } = target
  const { processName } = node
  const spans = () => cluster.simulator.connections()
  const { length } = cluster.sessions
  const online = (await spans()).filter(isOnline)
  const lines = online.flatMap(({ via, connection }) => (via === processName ? [connection] : []))
  const ofNode = lines.length / (length / cluster.nodes.length)
  if (ofNode < enough.ofNode || online.length / length < enough.ofAll)
    throw new Error(`${online.length} sessions are online, ${lines.length} of them at ${processName}: too few`)
  strikes()
  begin()
  try {
    const isDecided = async () => signal.aborted || fateOf(lines, await spans()) !== 'standing'
    await until(isDecided, `others to log in as sessions of ${processName}`, othersInMs, lookEveryMs)
    if (fateOf(lines, await spans()) === 'lost')
      throw new Error(`${processName} has lost its lines before others were in`)
    await seconds(target, 0, 3)
  } finally {
    await end()
    await recovery(target)
  }
}

/** What has become of lines of one process: another one has logged in as the device of one, some stand, or all have ended otherwise. */
export function fateOf(lines: readonly number[], spans: readonly ConnectionSpan[]): 'thrown out' | 'standing' | 'lost' {
  const byNumber = new Map(spans.map(span => [span.connection, span]))
  const of = lines.flatMap(line => byNumber.get(line) ?? [])
  const isThrownOut = ({ via, replacedBy }: ConnectionSpan) => {
    const by = replacedBy === undefined ? undefined : byNumber.get(replacedBy)?.via
    return by !== undefined && by !== via
  }
  if (of.some(isThrownOut)) return 'thrown out'
  return of.some(isOnline) ? 'standing' : 'lost'
}

const isOnline = ({ loggedInAt, closedAt }: ConnectionSpan) => loggedInAt !== undefined && closedAt === undefined
