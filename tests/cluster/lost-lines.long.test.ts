import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until, type Cluster } from './cluster.js'
import { TestCluster } from './test-cluster.js'

let harness: TestCluster
let cluster: Cluster

beforeAll(async () => {
  harness = await TestCluster.start({ sessions: 9 })
  cluster = harness.cluster
}, 180_000)

afterAll(() => harness[Symbol.asyncDispose]())

const processes = () => cluster.nodes.map(({ processName }) => processName)

test('a database that stands still for 3 seconds: every line stays, and nothing is lost', async () => {
  const before = await cluster.online()
  cluster.cutDatabase('silent')
  await cluster.textAll()
  await delay(3_000)
  await cluster.mendDatabase()
  await cluster.textAll()
  await cluster.delivered()
  await cluster.settled()
  expect(await cluster.online()).toEqual(before)
  await harness.expectNothingWrong()
}, 90_000)

test('a database that is away for longer than any lease: 503 and when to come again, no message lost, no restart needed', async () => {
  const before = processes()
  cluster.cutDatabase('refused')
  await cluster.textAll()
  await harness.expectRefusals()
  await delay(12_000)
  await cluster.textAll()
  await cluster.mendDatabase()
  await cluster.settled()
  await cluster.delivered()
  expect(processes()).toEqual(before)
  await harness.expectNothingWrong()
}, 120_000)

test('one node cut off from the database alone falls silent, and the others take over', async () => {
  const node = cluster.busyNode()
  node.cut('database', 'silent')
  await cluster.textAll()
  await until(async () => (await cluster.ownedBy(node)) === 0, 'the others to claim')
  await cluster.settled()
  await node.mend('database')
  await until(async () => node.sockets === (await cluster.ownedBy(node)), `${node.name} to let go`)
  await cluster.delivered()
  await cluster.settled()
  await harness.expectNothingWrong()
}, 120_000)

test('one node cut off from WhatsApp alone keeps its sessions, says that they reconnect, and has them back', async () => {
  const node = cluster.busyNode()
  const owners = await cluster.owners()
  const cutOff = [...owners].flatMap(([session, owner]) => (owner === node.processName ? [session] : []))
  node.cut('whatsapp', 'refused')
  await until(async () => {
    const states = await cluster.api.states(node.url)
    return cutOff.every(session => states?.get(session) === 'reconnecting')
  }, 'what is cut off to be shown as reconnecting')
  await cluster.textAll()
  await node.mend('whatsapp')
  await cluster.settled()
  expect(await cluster.owners()).toEqual(owners)
  await cluster.delivered()
  await harness.expectNothingWrong()
}, 120_000)
