import { setTimeout as delay } from 'node:timers/promises'
import type { ClusterNode } from '../../tests/cluster/cluster-node.js'
import { until, type LinkedSession } from '../../tests/cluster/cluster.js'
import { CopiedSession } from './copied-session.js'
import { outliveLease } from './outlive-lease.js'
import { recovery, seconds, type FaultTarget } from './target.js'

/** A fault of one node. What it does ends with the promise: everything is as before, but for what the gateways make of it. */
type NodeFault = (node: ClusterNode, target: FaultTarget) => Promise<void>

type CommonFault = (target: FaultTarget) => Promise<void>

/** As long as a database that stands still keeps anybody from storing it, and some more. */
const steppedBackMs = 30_000

/** As long as a node may take to have a session online, which others may have to lose first. */
const onlineMs = 30_000

const howCut = ({ random }: FaultTarget) => random.oneOf(['refused', 'silent'] as const)

/** As a service manager does: again until it runs. */
export async function startAgain(node: ClusterNode, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !node.isRunning) {
    await node.start().catch(() => delay(1_000))
  }
}

async function cut(
  node: ClusterNode,
  line: 'database' | 'whatsapp',
  longest: number,
  target: FaultTarget,
): Promise<void> {
  node.cut(line, howCut(target))
  await seconds(target, 1, longest)
  await node.mend(line)
}

/** A copy is somebody else's: the session steps back, and is tried once more after a minute. */
async function loginElsewhere(node: ClusterNode, target: FaultTarget): Promise<void> {
  const { cluster, random, reserved, signal, strikes } = target
  let here: LinkedSession[] = []
  const hasSome = async () => {
    const [online, owners] = await Promise.all([cluster.online(), cluster.owners()])
    // a line that another node's session has left behind has nobody who could step back
    const isHere = (id: string) => online.get(id) === node.processName && owners.get(id) === node.processName
    here = cluster.sessions.filter(({ sessionId: id }) => isHere(id) && !reserved.has(id))
    return here.length > 0 || signal.aborted
  }
  // one that has just been started has none yet
  await until(hasSome, 'a session that could be copied', onlineMs)
  if (signal.aborted) return
  strikes()
  const { sessionId, creds } = random.oneOf(here)
  // for good: over a second one within ten minutes it would rest
  reserved.add(sessionId)
  const { url, rootKey } = cluster.simulator
  const copy = await CopiedSession.open({ url, rootKey, creds })
  try {
    await seconds(target, 1, 10)
    // until then nothing else happens to this node: a process that dies may take with it that it was thrown out
    await until(
      async () => signal.aborted || (await cluster.hasSteppedBack(sessionId)),
      'a session to step back',
      steppedBackMs,
    )
  } finally {
    await copy.close()
  }
}

const freezeForLong = 'freeze until others are in with its sessions'
const cutForLong = 'cut from the database until others are in with its sessions'

/** Faults of a node that outlast its lease. */
export const longFaults: readonly string[] = [freezeForLong, cutForLong]

export const nodeFaults: Readonly<Record<string, NodeFault>> = {
  async kill(node, target) {
    await node.kill()
    await seconds(target, 0, 10)
    await startAgain(node, target.signal)
  },
  async stop(node, target) {
    await node.stop()
    await seconds(target, 0, 3)
    await startAgain(node, target.signal)
  },
  async freeze(node, target) {
    node.freeze()
    await seconds(target, 1, 20)
    node.thaw()
    await recovery(target)
  },
  [freezeForLong]: (node, target) =>
    outliveLease(node, target, { begin: () => node.freeze(), end: async () => node.thaw() }),
  [cutForLong]: (node, target) =>
    outliveLease(node, target, {
      begin: () => node.cut('database', howCut(target)),
      end: () => node.mend('database'),
    }),
  async 'cut from the database'(node, target) {
    await cut(node, 'database', 15, target)
    await recovery(target)
  },
  'cut from WhatsApp': (node, target) => cut(node, 'whatsapp', 20, target),
  'login elsewhere with the credentials of one of its sessions': loginElsewhere,
  async 'restart of its front end'(node, { cluster, random }) {
    const how = random.oneOf(['stream-error', 'reset', 'mixed'] as const)
    await cluster.simulator.restartFrontEnd(cluster.nodes.indexOf(node), { forMs: random.between(0, 3_000), how })
  },
}

export const commonFaults: Readonly<Record<string, CommonFault>> = {
  async 'restart of all front ends'({ cluster, random }) {
    const staggerMs = random.between(0, 1_000)
    await cluster.simulator.restartAll({ staggerMs, forMs: random.between(0, 2_000), how: 'mixed' })
  },
  async 'database stands still'(target) {
    const from = Date.now()
    target.database.pause()
    await seconds(target, 1, 12)
    target.database.resume()
    target.cluster.outages.push({ from, to: Date.now() })
  },
  async 'database unreachable'(target) {
    target.cluster.cutDatabase(howCut(target))
    await seconds(target, 1, 12)
    await target.cluster.mendDatabase()
  },
}
