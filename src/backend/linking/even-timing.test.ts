import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { EvenTiming } from './even-timing.js'

beforeEach(() => vi.useFakeTimers())

afterEach(() => vi.useRealTimers())

test.each([
  ['at once', 0],
  ['later', 700],
])('what is known %s is told a second after it was asked', async (_when, knownAfterMs) => {
  const timing = new EvenTiming()
  await vi.advanceTimersByTimeAsync(knownAfterMs)
  const told = vi.fn()
  void timing.wait().then(told)
  await vi.advanceTimersByTimeAsync(999 - knownAfterMs)
  expect(told).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(1)
  expect(told).toHaveBeenCalled()
})

test('what takes longer is told when it is known', async () => {
  const timing = new EvenTiming(50)
  await vi.advanceTimersByTimeAsync(60)
  await timing.wait()
  expect(vi.getTimerCount()).toBe(0)
})
