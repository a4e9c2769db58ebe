import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SessionIdentity } from '../src/backend/sessions/session-identity.js'
import { SessionRig } from './support/session-rig.js'

let rig: SessionRig

beforeAll(async () => {
  rig = await SessionRig.start()
})

afterAll(() => rig[Symbol.asyncDispose]())

test('405 for all: nobody connects but one now and then, the operator knows, and one that is let in releases all', async () => {
  const sessions: SessionIdentity[] = []
  for (let nth = 1; nth <= 6; nth++) sessions.push((await rig.linked()).identity)
  const logins = async () => rig.connections.length
  rig.forget()
  await rig.simulator.fault('fail-next-login', { reason: 405, location: 'cln', always: true })
  const { alarm, pacer } = rig.connects

  // two are enough to know it
  for (const identity of sessions.slice(0, 2)) rig.sessions.resume(identity)
  await expect.poll(() => pacer.counts().heldBy, { timeout: 20_000 }).toBe('outdated')
  for (const identity of sessions.slice(2)) rig.sessions.resume(identity)
  for (const identity of sessions.slice(0, 2)) await rig.becomes(identity, ['disconnected', 'engine_outdated'])
  await expect.poll(() => pacer.counts().waiting).toBe(6)
  expect(alarm.raised()).toEqual(['engine_outdated'])
  const before = await logins()
  // those that had their turn before anybody knew
  expect(before).toBeLessThanOrEqual(6)

  // half a minute has passed for the database: one tries, and is refused
  const due = () => rig.rows.query(`update connect_breakers set tried_at = tried_at - interval '30 seconds'`)
  await due()
  await expect.poll(logins, { timeout: 20_000 }).toBe(before + 1)
  await expect.poll(() => pacer.counts().waiting, { timeout: 20_000 }).toBe(6)
  expect(await logins()).toBe(before + 1)
  expect(rig.told('engine_outdated')).toBe(1)
  for (const identity of sessions) expect((await rig.shown(identity)).wanted).toBe(true)

  // WhatsApp takes the client again
  await rig.simulator.fault('clear-faults')
  await due()
  for (const identity of sessions) await rig.becomes(identity, ['connected', null])
  expect(alarm.raised()).toEqual([])
  expect(await logins()).toBe(before + 1 + 6)
  for (const identity of sessions) await rig.identityKey(identity)
}, 120_000)
