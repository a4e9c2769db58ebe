import { afterAll, beforeAll, expect, test } from 'vitest'
import { standStill } from '../src/backend/composition/stand-still.js'
import { createNodeLease } from '../src/backend/leases/node-lease.js'
import { attemptLines } from '../src/backend/linking/attempt-lines.js'
import { createLog } from '../src/backend/log.js'
import { SessionRig } from './support/session-rig.js'

let rig: SessionRig

beforeAll(async () => {
  rig = await SessionRig.start()
  rig.hooks({})
})

afterAll(() => rig[Symbol.asyncDispose]())

test('what others have said of a session while its node was away from the database is put right once it is back', async () => {
  const { identity } = await rig.linked()
  rig.forget()
  rig.sessions.resume(identity)
  await rig.becomes(identity, ['connected', null])
  rig.sessions.pauseAll()
  await rig.rows.query(`update sessions set state = 'reconnecting', reason = 'no_server' where id = $1`, [
    identity.sessionId,
  ])
  rig.sessions.resumeAll(new Map([[identity.sessionId, identity.fence.epoch]]), performance.now())
  await rig.becomes(identity, ['connected', null])
  expect(rig.connections).toHaveLength(1)
  await rig.sessions.rest(identity.sessionId)
})

test('what this node came to run while it was asked what it owns is not taken for lost, and is asked about once more', async () => {
  const { identity } = await rig.linked()
  rig.forget()
  rig.sessions.pauseAll()
  const askedAt = performance.now()
  rig.sessions.resume(identity)
  expect(rig.sessions.resumeAll(new Map(), askedAt)).toBe(false)
  expect(rig.sessions.has(identity.sessionId)).toBe(true)
  rig.sessions.pauseAll()
  const owned = new Map([[identity.sessionId, identity.fence.epoch]])
  expect(rig.sessions.resumeAll(owned, performance.now())).toBe(true)
  await rig.becomes(identity, ['connected', null])
  expect(rig.connections).toHaveLength(1)
  expect(rig.told('session_abandoned')).toBe(0)
  await rig.sessions.rest(identity.sessionId)
})

test('what another has under a newer epoch is let go, however lately it came here', async () => {
  const { identity } = await rig.linked()
  rig.forget()
  rig.sessions.pauseAll()
  const askedAt = performance.now()
  rig.sessions.resume(identity)
  expect(rig.sessions.resumeAll(new Map(), askedAt)).toBe(false)
  rig.sessions.pauseAll()
  expect(rig.sessions.resumeAll(new Map(), performance.now())).toBe(true)
  expect(rig.sessions.has(identity.sessionId)).toBe(false)
  expect(rig.told('session_abandoned')).toBe(1)
})

test('a lease that is sure again is doubted once more over a session that came meanwhile, which then goes on', async () => {
  const { identity } = await rig.linked()
  rig.forget()
  const { clone, database } = rig.rig
  const { sessions } = rig
  const log = createLog({ level: 'silent' })
  await using lease = createNodeLease({ url: () => clone.ownerUrl, database, log })
  const mine = { ...identity, fence: { nodeId: lease.nodeId, epoch: identity.fence.epoch } }
  const lines = attemptLines(rig.rig.engine)
  const watch = standStill({ sessions, lines, lease })
  const answers: number[] = []
  await lease.start({
    ...watch,
    onSure(owned, askedAt) {
      answers.push(owned.size)
      if (answers.length > 1) return watch.onSure(owned, askedAt)
      // claimed a moment after the question, and taken up before its answer
      sessions.resume(mine)
      watch.onSure(new Map(), askedAt)
    },
  })
  await rig.rows.query('update session_leases set node_id = $1 where session_id = $2', [
    lease.nodeId,
    identity.sessionId,
  ])
  lease.doubt()
  await rig.becomes(identity, ['connected', null])
  expect(answers.length).toBeGreaterThan(1)
  expect([rig.connections.length, rig.told('session_abandoned')]).toEqual([1, 0])
  expect(lease.isSure()).toBe(true)
  await sessions.rest(identity.sessionId)
})
