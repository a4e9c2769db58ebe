import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { check } from '../../scripts/storm/checker/check.js'
import { defaultLimits } from '../../scripts/storm/checker/limits.js'
import { unjudged } from '../../scripts/storm/checker/unjudged.js'
import type { Draft } from './clean-history.js'
import { until, type Cluster } from './cluster.js'
import { mutants } from './mutants.js'
import { TestCluster } from './test-cluster.js'

const frozenMs = 20_000

let harness: TestCluster
let cluster: Cluster

beforeAll(async () => {
  harness = await TestCluster.start({ sessions: 9 })
  cluster = harness.cluster
}, 180_000)

afterAll(() => harness[Symbol.asyncDispose]())

test('a node that is killed: the others own and open all it had', async () => {
  const node = cluster.busyNode()
  await Promise.all(cluster.sessions.map(session => cluster.command(session)))
  await node.kill()
  await cluster.textAll()
  await cluster.settled()
  expect([...(await cluster.owners()).values()]).not.toContain(node.processName)
  await cluster.delivered()
  await harness.expectNothingWrong()
  await node.start()
}, 90_000)

test('a node that stands still for 20 seconds: others take over, and when it goes on it neither speaks nor writes', async () => {
  const node = cluster.busyNode()
  const frozen = delay(frozenMs)
  node.freeze()
  await cluster.textAll()
  await until(async () => (await cluster.ownedBy(node)) === 0, 'the others to claim')
  await cluster.settled()
  await frozen
  node.thaw()
  // what it still has is let go; afterwards it has a socket for each session it owns, if any
  await until(async () => node.sockets === (await cluster.ownedBy(node)), `${node.name} to let go`)
  await cluster.settled()
  await cluster.delivered()
  await harness.expectNothingWrong()
}, 120_000)

test('a rolling deploy while people write: every node leaves politely, nothing is lost', async () => {
  for (const node of cluster.nodes) {
    await cluster.textAll()
    const [left] = await Promise.all([node.stop(), cluster.textAll()])
    expect(left).toBe(0)
    await node.start()
    await cluster.settled()
  }
  await cluster.delivered()
  await harness.expectNothingWrong()
}, 120_000)

test('the checker would have seen it in what this cluster left behind, had anything been wrong', async () => {
  await harness.watch.takeStock('end')
  const { history } = await harness.watch.history()
  expect(unjudged(history).map(({ invariant }) => invariant)).not.toContainEqual(expect.stringMatching(/^I-[789] /u))
  for (const { what, invariant, put } of mutants.filter(({ takesTime }) => takesTime !== true)) {
    const mutated: Draft = structuredClone(history) as Draft
    put(mutated, cluster.random)
    const found = check(mutated, defaultLimits).map(finding => finding.invariant)
    expect(found, what).toContainEqual(expect.stringContaining(invariant))
  }
})
