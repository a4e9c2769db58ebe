import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startSimulator, type Phone, type Simulator } from '../src/simulator/index.js'
import type { Operator } from './support/operator.js'
import { TcpProxy } from './support/tcp-proxy.js'
import { TwoNodes } from './support/two-nodes.js'
import type { Answer } from './support/visitor.js'

let simulator: Simulator
/** The way to WhatsApp, of both nodes. */
let line: TcpProxy
let nodes: TwoNodes
let here: Operator
let there: Operator

beforeAll(async () => {
  simulator = await startSimulator()
  line = await TcpProxy.open(simulator.url)
  nodes = await TwoNodes.start({ simulator, env: { WHATSAPP_URL: line.through(simulator.url) } })
  ;({ here, there } = nodes)
})

afterAll(async () => {
  await nodes[Symbol.asyncDispose]()
  await line[Symbol.asyncDispose]()
  await simulator.assertClean()
  await simulator.stop()
})

const commands = ['connect', 'disconnect', 'reconnect', 'hand-off', 'logout', 'delete'] as const
type Command = (typeof commands)[number]

/** What the last accepted command has made of a session. */
type Wish = 'connected' | 'disconnected' | 'handed_off' | 'logged_out' | 'deleted'

/** What a command is answered with, and what is wished from then on. */
function follow(wish: Wish, command: Command): { status: number; wish: Wish } {
  const refused = { status: 409, wish }
  const done = (next: Wish) => ({ status: 200, wish: next })
  if (wish === 'deleted') return command === 'delete' ? done(wish) : { status: 404, wish }
  switch (command) {
    case 'connect':
    case 'reconnect':
      return wish === 'handed_off' || wish === 'logged_out' ? refused : done('connected')
    case 'disconnect':
      return done(wish === 'connected' ? 'disconnected' : wish)
    case 'hand-off':
      return wish === 'logged_out' ? refused : done('handed_off')
    case 'logout':
      return wish === 'handed_off' ? refused : done('logged_out')
    case 'delete':
      return done('deleted')
  }
}

const give = (node: Operator, sessionId: string, command: Command): Promise<Answer> =>
  command === 'delete' ? node.ask('DELETE', `/api/v1/sessions/${sessionId}`) : node.command(sessionId, command)

type Found = { state: string; wanted: boolean; deleted: boolean; devices: string[] }

/** What the database says of the session, and what WhatsApp does. */
async function look(sessionId: string, phone: Phone): Promise<Found> {
  const [row] = await nodes.rows.query<Omit<Found, 'devices'>>(
    `select s.state, l.wanted, s.deleted_at is not null as deleted
    from sessions s join session_leases l on l.session_id = s.id where s.id = $1`,
    [sessionId],
  )
  const devices = (await phone.devices()).map(({ online }) => (online ? 'online' : 'offline'))
  return { state: '', wanted: false, deleted: false, ...row, devices }
}

const outcomes: Record<Wish, Partial<Found>> = {
  connected: { state: 'connected', wanted: true, deleted: false, devices: ['online'] },
  disconnected: { state: 'disconnected', wanted: false, deleted: false, devices: ['offline'] },
  handed_off: { state: 'handed_off', wanted: false, deleted: false, devices: ['offline'] },
  logged_out: { state: 'logged_out', wanted: false, deleted: false, devices: [] },
  deleted: { wanted: false, deleted: true },
}

const steps = fc.array(
  fc.record({
    node: fc.constantFrom(0, 1),
    // ends are rarer: nothing comes after them
    command: fc.oneof<fc.WeightedArbitrary<Command>[]>(
      { weight: 8, arbitrary: fc.constantFrom('connect', 'disconnect', 'reconnect') },
      { weight: 2, arbitrary: fc.constantFrom('hand-off', 'logout', 'delete') },
    ),
  }),
  { minLength: 2, maxLength: 6 },
)

test('whatever is asked of whichever node, the session ends as the last accepted command says', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async given => {
      const { phone, sessionId } = await nodes.link()
      let wish: Wish = 'connected'
      for (const { node, command } of given) {
        const next = follow(wish, command)
        const answer = await give(node === 0 ? here : there, sessionId, command)
        expect([command, answer.status]).toEqual([command, next.status])
        wish = next.wish
      }
      await expect.poll(() => look(sessionId, phone), { timeout: 20_000 }).toMatchObject(outcomes[wish])
    }),
    { numRuns: 6, endOnFailure: true },
  )
}, 180_000)

test('commands that contradict each other at once leave a session that is one thing', async () => {
  for (let round = 0; round < 3; round++) {
    const { phone, sessionId } = await nodes.link()
    const crowd: Command[] = ['connect', 'disconnect', 'reconnect', 'disconnect', 'connect', 'hand-off', 'disconnect']
    const answers = await Promise.all(crowd.map((command, i) => give(i % 2 === 0 ? here : there, sessionId, command)))
    for (const { status } of answers) expect([200, 409]).toContain(status)
    const agree = Object.values(outcomes)
    await expect
      .poll(
        async () => {
          const found = await look(sessionId, phone)
          return agree.some(
            outcome =>
              found.state === outcome.state && JSON.stringify({ ...found, ...outcome }) === JSON.stringify(found),
          )
        },
        { timeout: 20_000 },
      )
      .toBe(true)
    expect(await give(here, sessionId, 'delete')).toMatchObject({ status: 200 })
    expect(await give(there, sessionId, 'connect')).toMatchObject({ status: 404 })
  }
}, 120_000)

test('a log-out while WhatsApp cannot be reached says so, and is done once it can', async () => {
  const { phone, sessionId } = await nodes.link()
  line.cut()
  try {
    const answer = await give(there, sessionId, 'logout')
    expect(answer.status).toBe(200)
    expect(['connecting', 'reconnecting']).toContain(answer.body['state'])
    expect(await phone.devices()).toHaveLength(1)
  } finally {
    await line.restore()
  }
  await expect.poll(() => look(sessionId, phone), { timeout: 60_000 }).toMatchObject(outcomes.logged_out)
}, 120_000)

test('a log-out that could not be done yet is withdrawn by a later command', async () => {
  const { phone, sessionId } = await nodes.link()
  line.cut()
  try {
    await give(here, sessionId, 'logout')
    expect(await give(there, sessionId, 'disconnect')).toMatchObject({
      status: 200,
      body: { state: 'disconnected', reason: { code: 'stopped' } },
    })
  } finally {
    await line.restore()
  }
  expect(await give(there, sessionId, 'connect')).toMatchObject({ status: 200 })
  await expect.poll(() => look(sessionId, phone), { timeout: 60_000 }).toMatchObject(outcomes.connected)
}, 120_000)
