import { setTimeout as delay } from 'node:timers/promises'
import type { ClusterNode } from '../../tests/cluster/cluster-node.js'
import { until, type Cluster, type LinkedSession } from '../../tests/cluster/cluster.js'
import { CopiedSession } from './copied-session.js'
import type { Random } from './random.js'
import type { StormDatabase } from './storm-database.js'

/** What a fault is done to. */
export type Target = {
  cluster: Cluster
  database: StormDatabase
  random: Random
  signal: AbortSignal
  /** Sessions that somebody commands or has copied just now, or whose next login elsewhere would mean something else. */
  reserved: Set<string>
}

/** A fault of one node. What it does ends with the promise: everything is as before, but for what the gateways make of it. */
type NodeFault = (node: ClusterNode, target: Target) => Promise<void>

type CommonFault = (target: Target) => Promise<void>

const seconds = ({ random, signal }: Target, from: number, to: number) =>
  delay(random.between(from * 1_000, to * 1_000), undefined, { signal }).catch(() => {})

/** As long as a database that stands still keeps anybody from storing it, and some more. */
const steppedBackMs = 30_000

/** As long as a node may take to have a session online, which others may have to lose first. */
const onlineMs = 30_000

const howCut = ({ random }: Target) => random.oneOf(['refused', 'silent'] as const)

/** As a service manager does: again until it runs. */
export async function startAgain(node: ClusterNode, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !node.isRunning) {
    await node.start().catch(() => delay(1_000))
  }
}

async function cut(node: ClusterNode, line: 'database' | 'whatsapp', longest: number, target: Target): Promise<void> {
  node.cut(line, howCut(target))
  await seconds(target, 1, longest)
  await node.mend(line)
}

/** A copy is somebody else's: the session steps back, and is tried once more after a minute. */
async function loginElsewhere(node: ClusterNode, target: Target): Promise<void> {
  const { cluster, random, reserved, signal } = target
  let here: LinkedSession[] = []
  const hasSome = async () => {
    const online = await cluster.online()
    here = cluster.sessions.filter(({ sessionId: id }) => online.get(id) === node.processName && !reserved.has(id))
    return here.length > 0 || signal.aborted
  }
  // one that has just been started has none yet
  await until(hasSome, 'a session that could be copied', onlineMs)
  if (signal.aborted) return
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
  },
  'cut from the database': (node, target) => cut(node, 'database', 15, target),
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
