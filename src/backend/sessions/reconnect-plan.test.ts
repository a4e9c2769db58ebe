import { describe, expect, test } from 'vitest'
import type { CloseReason } from '../engine/engine.js'
import { StorageError } from '../engine/keystore.js'
import { ReconnectPlan } from './reconnect-plan.js'

const lost: CloseReason = { plane: 'local', kind: 'connection_lost', status: 428, phase: 'open' }
const busy: CloseReason = { plane: 'stream', kind: 'server_error', status: 503, phase: 'open' }
const replaced: CloseReason = { plane: 'stream', kind: 'replaced', status: 440, phase: 'open' }
const refused: CloseReason = { plane: 'login', kind: 'login_refused', status: 418, phase: 'syncing' }

function planned({ random = 0.999_999, now = 0 } = {}) {
  const clock = { now, random }
  const plan = new ReconnectPlan({ random: () => clock.random, now: () => clock.now })
  const waits = (reason: CloseReason, times: number) =>
    Array.from({ length: times }, () => {
      const step = plan.after(reason)
      return step.next === 'connect' ? Math.round(step.afterMs / 1_000) : step.next
    })
  return { plan, clock, waits }
}

describe('patience', () => {
  test('grows from one second to five minutes and never ends by count', () => {
    const { waits } = planned()
    expect(waits(busy, 12)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300])
    expect(waits(busy, 1_000).every(wait => wait === 300)).toBe(true)
  })

  test('is a random part of that, down to nothing', () => {
    const { waits } = planned({ random: 0 })
    expect(waits(busy, 12)).toEqual(Array(12).fill(0))
  })

  test('a line that was there is tried within two seconds first', () => {
    const { waits } = planned()
    expect(waits(lost, 4)).toEqual([2, 2, 4, 8])
  })

  test('is whole again once a connection has stood', () => {
    const { plan, waits } = planned()
    waits(busy, 5)
    plan.settle()
    expect(waits(lost, 1)).toEqual([2])
  })
})

test('who asked for more time gets it', () => {
  const { plan } = planned({ random: 0 })
  expect(plan.after({ ...busy, plane: 'http', retryAfterMs: 120_000 })).toMatchObject({ afterMs: 120_000 })
  const limited: CloseReason = { plane: 'http', kind: 'rate_limited', status: 429, phase: 'syncing' }
  expect(plan.after(limited)).toMatchObject({ afterMs: 60_000 })
  expect(plan.after({ ...limited, retryAfterMs: 90_000 })).toMatchObject({ afterMs: 90_000 })
})

describe('somebody else has logged in', () => {
  test('one more try within ten minutes, not before a minute', () => {
    const { clock, waits } = planned()
    expect(waits(replaced, 2)).toEqual([120, 'rest'])
    clock.now = 599_000
    expect(waits(replaced, 1)).toEqual(['rest'])
    clock.now = 600_001
    clock.random = 0
    expect(waits(replaced, 2)).toEqual([60, 'rest'])
  })

  test('whoever takes the session over has its one try left behind', () => {
    const { plan, waits } = planned({ random: 0 })
    expect(plan.resume({ reason: 'replaced', until: null })).toBe(60_000)
    expect(waits(replaced, 1)).toEqual(['rest'])
  })
})

test('three refusals that nobody has explained within an hour', () => {
  const { clock, waits } = planned()
  expect(waits(refused, 4)).toEqual([1, 2, 4, 'rest'])
  clock.now = 3_600_001
  expect(waits(refused, 1)).toEqual([8])
})

describe('a restriction', () => {
  const restricted: CloseReason = { plane: 'login', kind: 'restricted', status: 402, phase: 'syncing' }

  test('is waited for, and a part of a minute more', () => {
    const { plan, clock } = planned({ now: 1_000_000 })
    const until = new Date(1_000_000 + 3_600_000)
    expect(plan.after({ ...restricted, until })).toMatchObject({ next: 'connect', until })
    clock.random = 0
    expect(plan.after({ ...restricted, until })).toMatchObject({ afterMs: 3_600_000 })
    expect(plan.after({ ...restricted, until: new Date(1_000_001) })).toMatchObject({ afterMs: 60_000 })
  })

  test('without a time is the end', () => {
    expect(planned().plan.after(restricted)).toMatchObject({ next: 'rest', shown: { reason: 'restricted' } })
  })

  test('holds for whoever takes the session over', () => {
    const { plan } = planned({ random: 0, now: 1_000 })
    expect(plan.resume({ reason: 'restricted', until: new Date(61_000) })).toBe(60_000)
    // rests over something else by now, and is to be logged out
    expect(plan.resume({ reason: 'storage_damaged', until: new Date(61_000) })).toBe(60_000)
    expect(plan.resume({ reason: 'restricted', until: new Date(500) })).toBe(0)
    expect(plan.resume({ reason: 'connection_lost', until: null })).toBe(0)
  })
})

test('credentials that cannot be loaded: damage ends it, another node’s claim silences it, the rest is tried again', () => {
  const { plan } = planned()
  expect(plan.afterLoading(new StorageError('storage_damaged', 'of no use'))).toMatchObject({ next: 'rest' })
  expect(plan.afterLoading(new StorageError('fenced', 'another node'))).toEqual({ next: 'nothing' })
  expect(plan.afterLoading(new Error('away'))).toMatchObject({ next: 'connect', shown: { reason: 'storage_error' } })
})
