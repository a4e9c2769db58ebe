import { afterAll, beforeAll, expect, test } from 'vitest'
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
  rig.sessions.resumeAll(new Map([[identity.sessionId, identity.fence.epoch]]))
  await rig.becomes(identity, ['connected', null])
  expect(rig.connections).toHaveLength(1)
  await rig.sessions.rest(identity.sessionId)
})
