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

const writeToAll = () => Promise.all(cluster.sessions.map(session => cluster.text(session)))

const aNode = () => cluster.random.oneOf(cluster.nodes)

const processes = () => cluster.nodes.map(({ processName }) => processName)

test('a database that stands still for 3 seconds: every line stays, and nothing is lost', async () => {
  const before = await cluster.online()
  cluster.cutDatabase('silent')
  await writeToAll()
  await delay(3_000)
  await cluster.mendDatabase()
  await writeToAll()
  await cluster.delivered()
  await cluster.settled()
  expect(await cluster.online()).toEqual(before)
  await harness.expectNothingWrong()
}, 90_000)

test('a database that is away for longer than any lease: 503 and when to come again, no message lost, no restart needed', async () => {
  const before = processes()
  cluster.cutDatabase('refused')
  await writeToAll()
  for (const { url } of cluster.nodes) {
    await until(async () => (await cluster.api.get(url, '/api/v1/sessions')).status === 503, 'a refusal')
    const answer = await cluster.api.get(url, '/api/v1/sessions')
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await answer.json()).toMatchObject({ code: 'database_unavailable' })
  }
  await delay(12_000)
  await writeToAll()
  await cluster.mendDatabase()
  await cluster.settled()
  await cluster.delivered()
  expect(processes()).toEqual(before)
  await harness.expectNothingWrong()
}, 120_000)

test('one node cut off from the database alone falls silent, and the others take over', async () => {
  const node = aNode()
  node.cut('database', 'silent')
  await writeToAll()
  await until(async () => (await cluster.ownedBy(node)) === 0, 'the others to claim')
  await cluster.settled()
  await node.mend('database')
  await until(async () => node.sockets === (await cluster.ownedBy(node)), `${node.name} to let go`)
  await cluster.delivered()
  await cluster.settled()
  await harness.expectNothingWrong()
}, 120_000)

test('one node cut off from WhatsApp alone keeps its sessions, says that they reconnect, and has them back', async () => {
  const node = cluster.random.oneOf(cluster.nodes.filter(({ sockets }) => sockets > 0))
  const owners = await cluster.owners()
  const cutOff = [...owners].flatMap(([session, owner]) => (owner === node.processName ? [session] : []))
  node.cut('whatsapp', 'refused')
  await until(async () => {
    const states = await cluster.api.states(node.url)
    return cutOff.every(session => states?.get(session) === 'reconnecting')
  }, 'what is cut off to be shown as reconnecting')
  await writeToAll()
  await node.mend('whatsapp')
  await cluster.settled()
  expect(await cluster.owners()).toEqual(owners)
  await cluster.delivered()
  await harness.expectNothingWrong()
}, 120_000)
