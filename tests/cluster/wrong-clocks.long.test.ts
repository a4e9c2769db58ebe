import { afterAll, beforeAll, expect, test } from 'vitest'
import { until, type Cluster } from './cluster.js'
import { TestCluster } from './test-cluster.js'
import { steppedClock, wrongClock } from './wrong-clock.js'

const hourMs = 3_600_000

let harness: TestCluster
let cluster: Cluster

beforeAll(async () => {
  harness = await TestCluster.start({
    sessions: 6,
    envOf: [wrongClock(hourMs), wrongClock(-hourMs), steppedClock(hourMs)],
  })
  cluster = harness.cluster
}, 180_000)

afterAll(() => harness[Symbol.asyncDispose]())

async function leases(): Promise<string> {
  const { rows } = await cluster.owner.query<{ ends: string }>(
    'select string_agg(lease_until::text, $1) as ends from nodes',
    [' '],
  )
  return rows[0]?.ends ?? ''
}

test('nodes whose clocks are an hour ahead and an hour behind, and one whose clock is set meanwhile: nobody loses a session by it', async () => {
  const owners = await cluster.owners()
  const [ahead, behind, stepped] = cluster.nodes
  stepped?.stepClock()
  await cluster.textAll()
  await cluster.delivered()
  stepped?.stepClock()
  // every lease has been renewed a few times, by clocks that agree on nothing
  const renewals = new Set<string>()
  await until(async () => renewals.add(await leases()).size > 4, 'a few renewals')
  expect(await cluster.owners()).toEqual(owners)
  expect(await cluster.online()).toEqual(owners)

  await ahead?.kill()
  await cluster.settled()
  expect([...(await cluster.owners()).values()]).not.toContain(ahead?.processName)
  expect(behind?.isRunning).toBe(true)
  await harness.expectNothingWrong()
}, 120_000)
