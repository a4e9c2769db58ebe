import { expect, test } from 'vitest'
import { backoffMs } from './backoff.js'
import { inWords, leftMs, minutesAndSeconds, whenPossible } from './countdown.js'
import { troubleFromProblem, troubleWithoutAnswer } from './trouble.js'

const wait = (header: string | null): number => troubleFromProblem({}, header, 1_000_000).waitMs

test('times left, on screen and aloud', () => {
  expect(leftMs(5000, 7000)).toBe(0)
  expect([0, 1, 65_000, 119_001].map(minutesAndSeconds)).toEqual(['0:00', '0:01', '1:05', '2:00'])
  expect([0, 1000, 61_000, 120_000].map(inWords)).toEqual(['0 seconds', '1 second', '1 minute 1 second', '2 minutes'])
})

test('a wait of up to an hour is counted down, a longer one has an end on the clock', () => {
  const now = new Date(2026, 0, 1, 15, 20, 30).getTime()
  const minutes = (n: number): string => whenPossible(now + n * 60_000, now)
  expect([minutes(2), minutes(60)]).toEqual(['in 2:00', 'in 60:00'])
  expect(minutes(79)).toMatch(/^at (16:40|4:40)/)
  expect(minutes(12 * 60)).toMatch(/^tomorrow at 0?3:21/)
  expect(inWords(3 * 3_600_000 + 61_000)).toBe('3 hours 1 minute 1 second')
})

test('backoff grows to its cap and is never at once', () => {
  expect([0, 1, 2, 9].map(n => backoffMs(n, 20_000, () => 1))).toEqual([1000, 2000, 4000, 20_000])
  expect(backoffMs(5, 20_000, () => 0)).toBe(250)
})

test('Retry-After in seconds, as a date, absurd, or not readable', () => {
  expect(wait('90')).toBe(90_000)
  expect(wait(new Date(1_030_000).toUTCString())).toBe(30_000)
  expect(wait('86400')).toBe(86_400_000)
  expect(wait('99999999')).toBe(86_400_000)
  expect([wait(null), wait('soon'), wait('-5')]).toEqual([0, 0, 0])
})

test('an error without a problem document still says something', () => {
  expect(troubleFromProblem({}, null, 0)).toMatchObject({
    title: 'That did not work',
    action: 'Try again in a moment.',
  })
  expect(troubleWithoutAnswer(false).code).toBe('offline')
  expect(troubleWithoutAnswer(true).code).toBe('unanswered')
})
