import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Cluster } from './cluster.js'
import { TestCluster } from './test-cluster.js'
import { writeOn } from './write-on.js'

const deploys = 10

let harness: TestCluster
let cluster: Cluster

beforeAll(async () => {
  harness = await TestCluster.start({ sessions: 9 })
  cluster = harness.cluster
}, 180_000)

afterAll(() => harness[Symbol.asyncDispose]())

test('ten rolling deploys in a row while people write: nothing is lost, refused or asked for again, and all are connected at the end', async () => {
  const asked = { direction: 'in', tag: 'receipt', type: 'retry' } as const
  const askedBefore = (await cluster.simulator.ledger(asked)).length
  const messagesBefore = cluster.sent.length
  const talk = writeOn(cluster)
  try {
    for (let nth = 0; nth < deploys; nth++) {
      const node = cluster.nodes[nth % cluster.nodes.length]
      expect(await node?.stop()).toBe(0)
      // the next one goes as soon as this one is back, whether or not its sessions are
      await node?.start()
    }
  } finally {
    await talk[Symbol.asyncDispose]()
  }
  await cluster.settled()
  await cluster.delivered()
  expect(cluster.sent.length - messagesBefore).toBeGreaterThan(deploys)
  expect((await cluster.simulator.ledger(asked)).length).toBe(askedBefore)
  await harness.expectNothingWrong()
  const { history } = await harness.watch.history()
  expect(history.messages.filter(({ refused, stored }) => refused !== null || !stored)).toEqual([])
  const names = cluster.nodes.map(({ processName }) => processName)
  expect(names).toEqual(['node-1.5', 'node-2.4', 'node-3.4'])
}, 240_000)
