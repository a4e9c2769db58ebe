import { afterAll, beforeAll, expect, test } from 'vitest'
import { evictions } from '../../scripts/storm/checker/evictions.js'
import { outliveLease } from '../../scripts/storm/outlive-lease.js'
import type { ClusterNode } from './cluster-node.js'
import { until, type Cluster } from './cluster.js'
import { TestCluster } from './test-cluster.js'

let harness: TestCluster
let cluster: Cluster

beforeAll(async () => {
  harness = await TestCluster.start({ sessions: 9 })
  cluster = harness.cluster
}, 180_000)

afterAll(() => harness[Symbol.asyncDispose]())

const doubts = ({ output }: ClusterNode) => output.split('lease_in_doubt').length - 1

test.each([
  {
    how: 'frozen',
    begin: (node: ClusterNode) => node.freeze(),
    end: async (node: ClusterNode) => node.thaw(),
    standsStill: (node: ClusterNode) => node.isFrozen,
  },
  {
    how: 'cut off from the database',
    begin: (node: ClusterNode) => node.cut('database', 'silent'),
    end: (node: ClusterNode) => node.mend('database'),
    // until then it takes messages in, and drops a line after five seconds without an answer of its storage
    standsStill: (node: ClusterNode, before: number) => doubts(node) > before,
  },
])(
  'a node that is $how until others are in with its sessions has nothing to say when it goes on',
  async ({ begin, end, standsStill }) => {
    const node = cluster.busyNode()
    const { random } = cluster
    const strikes: number[] = []
    const before = evictions((await harness.watch.history()).history).length
    const { signal } = new AbortController()
    const target = { cluster, random, signal, strikes: () => void strikes.push(node.sockets) }
    const doubtsBefore = doubts(node)
    const standing = until(async () => standsStill(node, doubtsBefore), `${node.name} to stand still`, 60_000)
    await Promise.all([
      outliveLease(node, target, { begin: () => begin(node), end: () => end(node) }),
      standing.then(() => cluster.textAll()),
    ])
    expect(strikes).toEqual([expect.any(Number)])
    await until(async () => node.sockets === (await cluster.ownedBy(node)), `${node.name} to let go`)
    await cluster.settled()
    await cluster.delivered()
    expect(evictions((await harness.watch.history()).history).length).toBeGreaterThan(before)
    await harness.expectNothingWrong()
  },
  180_000,
)
