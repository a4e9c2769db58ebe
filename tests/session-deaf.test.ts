import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { usualLimits } from '../src/backend/engine/baileys/watch-limits.js'
import { createEventLog } from '../src/backend/events/event-log.js'
import { createLog } from '../src/backend/log.js'
import { createGlances } from '../src/backend/leases/glances.js'
import { createRecovery } from '../src/backend/recovery.js'
import type { SessionIdentity } from '../src/backend/sessions/session-identity.js'
import { createSessions, type Sessions } from '../src/backend/sessions/sessions.js'
import type { Phone } from '../src/simulator/index.js'
import { SessionRig } from './support/session-rig.js'

let rig: SessionRig
let friend: Phone
/** Milliseconds by which the watches' clock is ahead. */
let ahead = 0

beforeAll(async () => {
  rig = await SessionRig.start({ watch: { limits: { everyMs: 5 }, now: () => performance.now() + ahead } })
  friend = await rig.rig.phone()
})

beforeEach(async () => {
  await rig.rows.query('delete from nodes')
  rig.forget()
})

afterAll(() => rig[Symbol.asyncDispose]())

async function node(id: string, draining = false): Promise<string> {
  await rig.rows.query(
    `insert into nodes (id, lease_until, draining) values ($1, clock_timestamp() + interval '1 hour', $2)`,
    [id, draining],
  )
  return id
}

/** A connected session of this node, for which a message waits that does not come through. */
async function deafened(): Promise<{ identity: SessionIdentity; phone: Phone }> {
  const { identity, phone } = await rig.linked()
  await node(identity.fence.nodeId)
  await friend.send(phone, 'withheld')
  return { identity, phone }
}

/** Its next connections are told that messages wait, and get none. What follows the last of them waits until `passWaits`. */
async function staysDeaf({ phoneNumber }: Phone, connect: () => void, times = 2): Promise<void> {
  const asked = { account: phoneNumber, device: 1, direction: 'in', tag: 'ib', child: 'offline_batch' } as const
  const ends = rig.ends.length
  for (let nth = 1; nth <= times; nth++) {
    const hold = await rig.simulator.hold(asked)
    if (nth === 1) connect()
    else rig.passWaits()
    rig.holdWaits()
    await hold.reached
    await hold.drop()
    await expect
      .poll(() => {
        if (rig.ends.length < ends + nth) ahead += usualLimits.answerMs / 4
        return rig.ends.length
      })
      .toBe(ends + nth)
    expect(rig.ends.at(-1)).toMatchObject({ kind: 'deaf' })
    // it waits for its next connection, or has none
    await expect.poll(() => rig.waits.length >= nth || rig.told('deaf_session_moved') === 1).toBe(true)
  }
}

const inbound = async ({ sessionId }: SessionIdentity) => {
  const [row] = await rig.rows.query<{ inbound: string | null }>(
    `select health ->> 'inbound' as inbound from sessions where id = $1`,
    [sessionId],
  )
  return row?.inbound ?? null
}

const owner = async ({ sessionId }: SessionIdentity) =>
  (
    await rig.rows.query<{ node: string }>('select node_id as node from session_leases where session_id = $1', [
      sessionId,
    ])
  )[0]?.node

const alarms = () => rig.logLines.filter(line => line.includes('"session_needs_operator"'))

/** A second process: an engine and sessions of its own, which takes up what the database gives to it. */
function otherProcess(nodeId: string, heard: string[]): { sessions: Sessions } & AsyncDisposable {
  const { tenants, database, vault, simulator } = rig.rig
  const log = createLog({ level: 'silent' })
  const engine = rig.rig.engineAt(simulator.url)
  const sessions = createSessions({ tenants, engine, events: createEventLog({ vault }), log, ...rig.connects })
  const nothing = async () => {}
  sessions.start({
    onOpen: nothing,
    onMessage: async (_, { content }) => void (content.kind === 'text' && heard.push(content.text)),
    onMissed: nothing,
    onResting: nothing,
    isLinking: async () => false,
  })
  const glances = createGlances({ database, nodeId, log })
  const recovery = createRecovery({
    database,
    tenants,
    vault,
    wakeups: { subscribe: () => () => {} },
    glances,
    linking: { has: () => false, abandon: nothing },
    sessions,
    lease: { nodeId, host: null, isSure: () => true },
    log,
    strandedEveryMs: 50,
  })
  recovery.start()
  glances.start()
  return {
    sessions,
    async [Symbol.asyncDispose]() {
      await glances[Symbol.asyncDispose]()
      await recovery[Symbol.asyncDispose]()
      await sessions[Symbol.asyncDispose]()
    },
  }
}

test('a session that new connections do not help goes to another process, and is well again once something comes in there', async () => {
  const { identity, phone } = await deafened()
  const other = await node(randomUUID())
  await node(randomUUID(), true)
  await staysDeaf(phone, () => rig.sessions.resume(identity))

  await expect.poll(() => owner(identity)).toBe(other)
  await expect.poll(() => rig.sessions.has(identity.sessionId)).toBe(false)
  expect(await rig.shown(identity)).toEqual({ state: 'reconnecting', reason: 'deaf', wanted: true })
  expect([await inbound(identity), rig.told('deaf_session_moved'), alarms()]).toEqual(['deaf', 1, []])
  expect(rig.connections).toHaveLength(2)

  const heard: string[] = []
  await using there = otherProcess(other, heard)
  await rig.becomes(identity, ['connected', null])
  expect(there.sessions.has(identity.sessionId)).toBe(true)
  await expect.poll(() => heard).toEqual(['withheld'])
  await expect.poll(() => inbound(identity)).toBe('ok')
})

test.each([
  ['no other process takes sessions', false],
  ['another process was of no help before', true],
])('where %s it stays, is connected on and on, and the operator is told once', async (_, isKnown) => {
  const { identity, phone } = await deafened()
  await node(randomUUID(), !isKnown)
  if (isKnown)
    await rig.rows.query(`update sessions set health = '{"inbound": "deaf"}' where id = $1`, [identity.sessionId])
  await staysDeaf(phone, () => rig.sessions.resume(identity), 3)

  await expect.poll(() => rig.history(identity)).toContainEqual(['reconnecting', 'deaf'])
  expect(await owner(identity)).toBe(identity.fence.nodeId)
  expect([rig.told('deaf_session_moved'), alarms().length]).toEqual([0, 1])
  expect(alarms()[0]).toContain('"code":"deaf"')
  rig.passWaits()
  await rig.becomes(identity, ['connected', null])
  await expect.poll(() => inbound(identity)).toBe('ok')
  await rig.sessions.rest(identity.sessionId)
})
