import fc from 'fast-check'
import { expect, test } from 'vitest'
import { usualLimits } from './watch-limits.js'
import { WatchMemory, type SessionMemory } from './watch-memory.js'
import { SilenceWatch } from './watch-silence.js'

const minute = 60_000
const limits = usualLimits.silence
const fresh = (): SessionMemory => new WatchMemory().of('session')

test('a busy session is connected anew after twenty to forty minutes of silence, each at its own moment', () => {
  for (const [random, after] of [
    [0, 20],
    [0.5, 30],
    [1, 40],
  ] as const) {
    const watch = new SilenceWatch(fresh(), limits, 0, () => random)
    for (let now = 0; now <= 60 * minute; now += minute / 2) watch.heard(now)
    expect(watch.isSilent(60 * minute + after * minute)).toBe(false)
    expect(watch.isSilent(60 * minute + after * minute + 1)).toBe(true)
  }
})

test('of one that speaks every ten minutes, silence of ten times that is remarkable', () => {
  const watch = new SilenceWatch(fresh(), limits, 0, () => 0)
  for (let n = 0; n <= 30; n++) watch.heard(n * 10 * minute)
  expect(watch.isSilent(399 * minute)).toBe(false)
  expect(watch.isSilent(401 * minute)).toBe(true)
})

test('stanzas that come together are one sign of life', () => {
  const memory = fresh()
  const watch = new SilenceWatch(memory, limits, 0, () => 0)
  for (let n = 0; n < 10; n++) for (let burst = 0; burst < 100; burst++) watch.heard(n * 10 * minute + burst)
  expect(memory.usualGapMs).toBeGreaterThan(9 * minute)
})

test('an account that says nothing for months is connected anew a handful of times and then once in one to two days', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), random => {
      const memory = fresh()
      let now = 0
      const recycles: number[] = []
      while (now < 60 * 24 * 60 * minute) {
        const watch = new SilenceWatch(memory, limits, now, () => random)
        while (!watch.isSilent(now)) now += minute
        watch.giveUp(now)
        recycles.push(now)
      }
      expect(recycles.filter(at => at < 24 * 60 * minute).length).toBeLessThanOrEqual(6)
      expect(recycles.length).toBeLessThanOrEqual(66)
    }),
    { numRuns: 20 },
  )
})

test('silence while the line stood still counts for nothing', () => {
  const watch = new SilenceWatch(fresh(), limits, 0, () => 0)
  watch.restart(100 * minute)
  expect(watch.isSilent(110 * minute)).toBe(false)
})
