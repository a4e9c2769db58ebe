import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { KeepAlive } from './keep-alive.js'

let pings: number
let silent: number
let line: KeepAlive

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  pings = 0
  silent = 0
  line = new KeepAlive({
    ping: () => pings++,
    onSilent: () => silent++,
    limits: { quietMs: 15_000, answerMs: 8_000 },
  })
  line.heard()
})

afterEach(() => {
  line.stop()
  vi.useRealTimers()
})

test('a line that says something is left alone', () => {
  for (let round = 0; round < 10; round++) {
    vi.advanceTimersByTime(14_000)
    line.heard()
  }
  expect([pings, silent]).toEqual([0, 0])
})

test('a quiet line is asked, and any answer is good', () => {
  vi.advanceTimersByTime(15_000)
  expect(pings).toBe(1)
  line.heard()
  vi.advanceTimersByTime(14_000)
  expect([pings, silent]).toEqual([1, 0])
  vi.advanceTimersByTime(1_000)
  expect(pings).toBe(2)
})

test('one that does not answer is dead after 23 seconds of silence', () => {
  vi.advanceTimersByTime(22_900)
  expect([pings, silent]).toEqual([1, 0])
  vi.advanceTimersByTime(100)
  expect([pings, silent]).toEqual([1, 1])
})

test('while it stands still silence counts for nothing, and afterwards it is asked anew', () => {
  vi.advanceTimersByTime(16_000)
  line.pause()
  line.heard()
  vi.advanceTimersByTime(600_000)
  expect([pings, silent]).toEqual([1, 0])
  line.resume()
  vi.advanceTimersByTime(15_000)
  expect(pings).toBe(2)
  vi.advanceTimersByTime(8_000)
  expect(silent).toBe(1)
})

test('a process that stood still itself asks once more before it calls the line dead', () => {
  vi.advanceTimersByTime(15_000)
  const now = performance.now.bind(performance)
  vi.spyOn(performance, 'now').mockImplementation(() => now() + 20_000)
  vi.advanceTimersByTime(8_000)
  expect(silent).toBe(0)
  vi.mocked(performance.now).mockRestore()
  vi.advanceTimersByTime(8_000)
  expect(silent).toBe(1)
})

test('an ended line is not watched', () => {
  line.stop()
  line.heard()
  vi.advanceTimersByTime(600_000)
  expect([pings, silent]).toEqual([0, 0])
})

test('a line that was told to stand still before it said anything is not asked before it has', () => {
  const early = new KeepAlive({ ping: () => pings++, onSilent: () => silent++ })
  line.stop()
  early.pause()
  early.resume()
  vi.advanceTimersByTime(600_000)
  expect([pings, silent]).toEqual([0, 0])
  early.heard()
  vi.advanceTimersByTime(15_000)
  expect(pings).toBe(1)
  early.stop()
})
