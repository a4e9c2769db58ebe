import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Cluster } from './cluster.js'
import { TestCluster } from './test-cluster.js'

let harness: TestCluster
let cluster: Cluster

beforeAll(async () => {
  harness = await TestCluster.start({ sessions: 9 })
  cluster = harness.cluster
}, 180_000)

afterAll(() => harness[Symbol.asyncDispose]())

const aNode = () => cluster.random.oneOf(cluster.nodes)

const writeToAll = () => Promise.all(cluster.sessions.map(session => cluster.text(session)))

test('a node that is killed: the others own and open all it had', async () => {
  const node = aNode()
  await node.kill()
  await writeToAll()
  await cluster.settled()
  expect([...(await cluster.owners()).values()]).not.toContain(node.processName)
  await cluster.delivered()
  await harness.expectNothingWrong()
  await node.start()
}, 90_000)

test('a rolling deploy while people write: every node leaves politely, nothing is lost', async () => {
  for (const node of cluster.nodes) {
    await writeToAll()
    const [left] = await Promise.all([node.stop(), writeToAll()])
    expect(left).toBe(0)
    await node.start()
    await cluster.settled()
  }
  await cluster.delivered()
  await harness.expectNothingWrong()
}, 120_000)
