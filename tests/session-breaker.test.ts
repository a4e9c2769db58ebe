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
  // also of those that only wait for their turn
  for (const identity of sessions) await rig.becomes(identity, ['disconnected', 'engine_outdated'])
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
  for (const identity of sessions)
    await expect
      .poll(() => rig.shown(identity))
      .toEqual({ state: 'disconnected', reason: 'engine_outdated', wanted: true })

  // WhatsApp takes the client again
  await rig.simulator.fault('clear-faults')
  await due()
  for (const identity of sessions) await rig.becomes(identity, ['connected', null])
  expect(alarm.raised()).toEqual([])
  expect(await logins()).toBe(before + 1 + 6)
  for (const identity of sessions) await rig.identityKey(identity)
  const last = sessions.at(-1)
  if (last === undefined) throw new Error('there were six')
  expect((await rig.history(last)).slice(-3)).toEqual([
    ['disconnected', 'engine_outdated'],
    ['connecting', 'starting'],
    ['connected', null],
  ])
}, 120_000)

test('429 at the door: who waits for its turn says so until it is let in', async () => {
  const { identity } = await rig.linked()
  const { pacer } = rig.connects
  pacer.refused({ breaker: 'upgrade_429' })
  await expect.poll(() => pacer.counts().heldBy).toBe('upgrade_429')
  rig.sessions.resume(identity)
  await rig.becomes(identity, ['reconnecting', 'throttled'])
  await rig.rows.query(`update connect_breakers set until = clock_timestamp() - interval '1 second'`)
  await rig.becomes(identity, ['connected', null])
}, 60_000)
