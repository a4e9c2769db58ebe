import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEventWakeups } from '../src/backend/events/event-wakeups.js'
import { createLog } from '../src/backend/log.js'
import { createLeaseWatch } from '../src/backend/sessions/lease-watch.js'
import { SessionRig } from './support/session-rig.js'

let rig: SessionRig

beforeAll(async () => {
  rig = await SessionRig.start()
  rig.hooks({})
})

afterAll(() => rig[Symbol.asyncDispose]())

test('a session that has come to rest by itself is not let go once more', async () => {
  const { database, clone } = rig.rig
  const log = createLog({ level: 'debug', destination: { write: line => void rig.logLines.push(line) } })
  const [one, other] = [await rig.linked(), await rig.linked()]
  const { nodeId } = one.identity.fence
  await rig.rows.query(`update session_leases set node_id = $1`, [nodeId])
  const identities = [one, other].map(({ identity }) => ({ ...identity, fence: { ...identity.fence, nodeId } }))
  // nobody listens: whoever wakes is in this process
  const wakeups = createEventWakeups({ url: () => clone.ownerUrl, log })
  await using watch = createLeaseWatch({
    database,
    sessions: rig.sessions,
    wakeups,
    glances: { subscribe: () => () => {} },
    lease: { nodeId, isSure: () => true },
    log,
  })
  watch.start()
  const [resting, taken] = identities
  if (resting === undefined || taken === undefined) throw new Error('two were linked')
  for (const identity of identities) {
    rig.sessions.resume(identity)
    await rig.becomes(identity, ['connected', null])
  }
  await one.phone.unlink(1)
  await rig.becomes(resting, ['logged_out', 'logged_out'])
  await expect.poll(() => rig.sessions.ended().has(resting.sessionId)).toBe(true)
  await rig.takeAway(taken)
  wakeups.wake(nodeId)
  await expect.poll(() => rig.sessions.has(taken.sessionId)).toBe(false)
  // the other one may have met its fence before it was looked at
  const letGo = rig.logLines.filter(line => line.includes('"event":"session_let_go"'))
  expect(letGo.filter(line => !line.includes(taken.sessionId))).toEqual([])
}, 60_000)

test('nothing is remembered of what was shown of a session that was let rest', async () => {
  const { identity } = await rig.linked()
  rig.sessions.resume(identity)
  await rig.becomes(identity, ['connected', null])
  expect(rig.sessions.countByState()).toMatchObject({ connected: 1 })
  await rig.sessions.rest(identity.sessionId)
  rig.sessions.resume(identity)
  expect(rig.sessions.countByState()).toMatchObject({ connected: 0, connecting: 1 })
  await rig.becomes(identity, ['connected', null])
  await rig.sessions.drain({ limitMs: 10_000, pacedMs: 10_000, perSecond: null, release: async () => {} })
  rig.sessions.resume(identity)
  expect(rig.sessions.countByState()).toMatchObject({ connected: 0, connecting: 1 })
  await rig.sessions.rest(identity.sessionId)
}, 60_000)
