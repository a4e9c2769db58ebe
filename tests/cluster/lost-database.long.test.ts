import { mkdtempSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, afterEach, expect, inject, test } from 'vitest'
import { StormDatabase } from '../../scripts/storm/storm-database.js'
import { until, type Cluster } from './cluster.js'
import { TestCluster } from './test-cluster.js'
import { writeOn } from './write-on.js'

let database: StormDatabase
let harness: TestCluster
let cluster: Cluster
let talk: AsyncDisposable
let processes: number[]

beforeAll(async () => {
  database = await StormDatabase.start(mkdtempSync(path.join(inject('scratch'), 'database-')))
  harness = await TestCluster.start({ sessions: 6, nodes: 2, ownerUrl: database.ownerUrl })
  cluster = harness.cluster
}, 180_000)

afterAll(async () => {
  await harness[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

beforeEach(() => {
  processes = cluster.nodes.map(({ pid }) => pid)
  talk = writeOn(cluster)
})

afterEach(() => talk[Symbol.asyncDispose]())

async function without(during: () => Promise<void>, lose: () => unknown, back: () => unknown): Promise<void> {
  const outage = { from: Date.now(), to: Infinity }
  cluster.outages.push(outage)
  await lose()
  try {
    await during()
  } finally {
    await back()
    outage.to = Date.now()
  }
}

/** Every session is connected, what was sent has arrived and is stored, nothing was refused or asked for again, by the same processes. */
async function expectUnharmed(): Promise<void> {
  await cluster.settled(90_000)
  await talk[Symbol.asyncDispose]()
  await cluster.delivered(90_000)
  expect(cluster.nodes.map(({ pid }) => pid)).toEqual(processes)
  expect(cluster.nodes.every(({ isRunning }) => isRunning)).toBe(true)
  expect(await cluster.simulator.ledger({ direction: 'in', tag: 'receipt', type: 'retry' })).toEqual([])
  for (const { url } of cluster.nodes) {
    await until(async () => (await cluster.api.get(url, '/api/v1/sessions')).ok, 'the API to answer')
  }
  await harness.expectNothingWrong()
}

const standsStill = (forMs: number, during: () => Promise<void>) =>
  without(
    () => Promise.all([delay(forMs), during()]).then(() => {}),
    () => database.pause(),
    () => database.resume(),
  )

test('a PostgreSQL that stands still for 3 seconds: every line stays, and nothing is lost', async () => {
  const lines = async () => (await cluster.simulator.connections()).map(({ connection }) => connection)
  const before = await lines()
  await standsStill(3_000, async () => {})
  await expectUnharmed()
  expect(await lines()).toEqual(before)
}, 240_000)

test('one that stands still for 30 seconds: 503 and when to come again, nothing lost, no restart', async () => {
  await standsStill(30_000, () => harness.expectRefusals())
  await expectUnharmed()
}, 300_000)

test('one that is stopped, and started again a minute later: 503 and when to come again, nothing lost, no restart', async () => {
  await without(
    () => Promise.all([delay(60_000), harness.expectRefusals()]).then(() => {}),
    () => database.stop(),
    () => database.startAgain(),
  )
  await expectUnharmed()
}, 330_000)
