import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { until, type Cluster } from './cluster.js'
import type { ClusterNode } from './cluster-node.js'
import { TestCluster } from './test-cluster.js'

let harness: TestCluster
let cluster: Cluster

beforeAll(async () => {
  harness = await TestCluster.start({ sessions: 12 })
  cluster = harness.cluster
}, 180_000)

afterAll(() => harness[Symbol.asyncDispose]())

/** One that has several to give. */
async function giver(): Promise<ClusterNode> {
  const busiest = cluster.nodes.toSorted((a, b) => b.sockets - a.sockets)
  const [node] = busiest
  if (node === undefined) throw new Error('a cluster has nodes')
  expect(await cluster.ownedBy(node)).toBeGreaterThan(1)
  return node
}

const sessionsOf = async ({ processName }: ClusterNode) =>
  [...(await cluster.owners())].flatMap(([sessionId, owner]) => (owner === processName ? [sessionId] : []))

/** As soon as it holds, not a look later. */
const atOnce = (holds: () => Promise<boolean> | boolean) =>
  vi.waitFor(async () => expect(await holds()).toBe(true), { timeout: 20_000, interval: 5 })

const writeToAll = () => Promise.all(cluster.sessions.map(session => cluster.text(session)))

async function expectAllWell(...ended: ClusterNode[]): Promise<void> {
  await cluster.settled()
  await cluster.delivered()
  await harness.expectNothingWrong()
  for (const node of ended) {
    expect(node.isRunning).toBe(false)
    await node.start()
  }
}

test.each<[what: string, isNow: (node: ClusterNode, had: number) => Promise<boolean> | boolean]>([
  ['that has closed its first line', ({ sockets }, had) => sockets < had],
  ['that has given up its first session', async (node, had) => (await cluster.ownedBy(node)) < had],
])(
  'a node %s to hand all over is killed: nobody has lost anything',
  async (_, isNow) => {
    const node = await giver()
    const had = await cluster.ownedBy(node)
    await writeToAll()
    const leaving = node.stop()
    await Promise.all([writeToAll(), atOnce(() => isNow(node, had)).then(() => node.kill())])
    expect(await leaving).toBe('SIGKILL')
    await expectAllWell(node)
  },
  120_000,
)

test('a node is killed as soon as it has taken what another one hands over: the third one has it all', async () => {
  const node = await giver()
  const given = await sessionsOf(node)
  await writeToAll()
  const leaving = node.stop()
  const takerOf = async () => {
    const owners = await cluster.owners()
    const names = given.map(sessionId => owners.get(sessionId))
    return cluster.nodes.find(each => each !== node && names.includes(each.processName))
  }
  let taker: ClusterNode | undefined
  await atOnce(async () => (taker = await takerOf()) !== undefined)
  await Promise.all([taker?.kill(), writeToAll()])
  expect(await leaving).toBe(0)
  await expectAllWell(node, ...(taker === undefined ? [] : [taker]))
}, 120_000)

test('a session that is given to a bot goes on to it from the next node when its own is killed meanwhile', async () => {
  const node = await giver()
  const [sessionId = ''] = await sessionsOf(node)
  const session = cluster.sessions.find(each => each.sessionId === sessionId)
  const other = cluster.nodes.find(each => each !== node)
  if (session === undefined || other === undefined) throw new Error('a cluster has sessions and nodes')
  const { phone } = session
  const inOwnChat = async () => (await phone.messages(phone.jid)).filter(({ fromMe }) => fromMe)
  const said = (await inOwnChat()).length
  const body = { deliverSessionId: true }
  const answer = await cluster.api.command(other.url, { sessionId, name: 'hand-off', body })
  expect(answer).toMatchObject({ status: 200, state: 'connecting' })
  const isQueued = `select from outbox_messages where session_id = $1 and kind = 'secret'`
  await atOnce(async () => (await cluster.owner.query(isQueued, [sessionId])).rowCount === 1)
  await node.kill()
  await until(async () => (await cluster.states()).get(sessionId) === 'handed_off', 'the hand-off')
  const told = (await inOwnChat()).slice(said)
  expect(told.map(({ text }) => text?.split('_')[0])).toEqual(['WHIZLITE', expect.any(String)])
  const taken = await cluster.api.command(other.url, { sessionId, name: 'take-back', body: { botStopped: true } })
  expect(taken).toMatchObject({ status: 200 })
  await cluster.owner.query('update sessions set taken_back_at = null where id = $1', [sessionId])
  await expectAllWell(node)
}, 120_000)
