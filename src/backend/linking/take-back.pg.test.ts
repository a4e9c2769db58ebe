import { afterAll, beforeAll, expect, test } from 'vitest'
import { SessionRig } from '../../../tests/support/session-rig.js'
import { createEventLog } from '../events/event-log.js'
import { nobodysId } from '../leases/session-leases.js'
import { createLog } from '../log.js'
import { createTakeBack } from './take-back.js'

let rig: SessionRig

beforeAll(async () => {
  rig = await SessionRig.start()
})

afterAll(() => rig[Symbol.asyncDispose]())

test('a node that is about to stop takes a session back for others, and runs nothing itself', async () => {
  const { identity } = await rig.linked()
  const { sessionId, workspaceId } = identity
  const { tenants, engine, vault } = rig.rig
  let takesSessions = false
  const { takeBack } = createTakeBack({
    tenants,
    engine,
    vault,
    events: createEventLog({ vault }),
    sessions: rig.sessions,
    nodeId: identity.fence.nodeId,
    takesSessions: () => takesSessions,
    sessionIdPrefix: 'WHIZ',
    log: createLog({ level: 'silent' }),
  })
  const withBot = () => rig.rows.query(`update sessions set state = 'handed_off' where id = $1`, [sessionId])
  const owner = () => rig.rows.query(`select node_id, wanted, released_at is not null as released from session_leases`)

  await withBot()
  const taken = await takeBack({ workspaceId, sessionId, source: 'stored', botStopped: true })
  expect(taken).toEqual({ sessionId, state: 'connecting' })
  expect(rig.sessions.has(sessionId)).toBe(false)
  expect(await owner()).toEqual([{ node_id: nobodysId, wanted: true, released: true }])

  takesSessions = true
  await withBot()
  await takeBack({ workspaceId, sessionId, source: 'stored', botStopped: true })
  await rig.becomes(identity, ['connected', null])
  expect(await owner()).toEqual([{ node_id: identity.fence.nodeId, wanted: true, released: false }])
}, 60_000)
