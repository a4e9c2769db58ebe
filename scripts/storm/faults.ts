import { setTimeout as delay } from 'node:timers/promises'
import type { ClusterNode } from '../../tests/cluster/cluster-node.js'
import type { Cluster } from '../../tests/cluster/cluster.js'
import type { Random } from './random.js'
import type { StormDatabase } from './storm-database.js'

/** What a fault is done to. */
export type Target = {
  cluster: Cluster
  database: StormDatabase
  random: Random
  signal: AbortSignal
}

/** A fault of one node. What it does ends with the promise: everything is as before, but for what the gateways make of it. */
type NodeFault = (node: ClusterNode, target: Target) => Promise<void>

type CommonFault = (target: Target) => Promise<void>

const seconds = ({ random, signal }: Target, from: number, to: number) =>
  delay(random.between(from * 1_000, to * 1_000), undefined, { signal }).catch(() => {})

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
