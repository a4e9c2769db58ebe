import { expect, test } from 'vitest'
import { createRateLimit } from './rate-limit.js'

const clocked = (perSecond: number, burst: number) => {
  const clock = { now: 1_000 }
  const limit = createRateLimit({ perSecond, burst, now: () => clock.now })
  const take = (name: string, times = 1) => limit.take([{ name, times }])
  return { clock, limit, take }
}

test('lets a burst through, then as many as come back', () => {
  const { clock, take } = clocked(2, 3)
  expect([0, 0, 0].map(() => take('a').remaining)).toEqual([2, 1, 0])
  expect(take('a')).toEqual({ limit: 3, remaining: 0, resetSeconds: 2, waitSeconds: 1 })
  expect(take('b')).toMatchObject({ remaining: 2, waitSeconds: null })
  clock.now += 500
  expect(take('a')).toMatchObject({ remaining: 0, waitSeconds: null })
  expect(take('a')).toMatchObject({ waitSeconds: 1 })
  clock.now += 60_000
  expect(take('a')).toMatchObject({ remaining: 2, waitSeconds: null })
})

test('who is refused takes nothing, whichever of their names is empty', () => {
  const { clock, limit } = clocked(1, 1)
  const both = (...names: string[]) => limit.take(names.map(name => ({ name, times: 1 })))
  expect(both('key', 'address').waitSeconds).toBeNull()
  for (let i = 0; i < 20; i++) expect(both('other', 'address').waitSeconds).toBe(1)
  expect(both('other').waitSeconds).toBeNull()
  clock.now += 1_000
  expect(both('key', 'address').waitSeconds).toBeNull()
})

test('a network of many has so many times as much', () => {
  const { take } = clocked(1, 2)
  expect(Array.from({ length: 9 }, () => take('wide', 4).waitSeconds).filter(wait => wait === null)).toHaveLength(8)
})

test('sustained, nobody gets more than their rate', () => {
  const { clock, take } = clocked(10, 5)
  let passed = 0
  for (let ms = 0; ms < 10_000; ms += 7) {
    clock.now += 7
    if (take('a').waitSeconds === null) passed++
  }
  expect(passed).toBeGreaterThanOrEqual(98)
  expect(passed).toBeLessThanOrEqual(106)
})

test('names that come once each do not fill the memory, and push out nobody who goes on asking', () => {
  const { take } = clocked(0.001, 2)
  for (let i = 0; i < 120_000; i++) {
    take(`once ${i}`)
    if (i % 1_000 === 0) take('steady')
  }
  expect(take('steady').waitSeconds).not.toBeNull()
  expect(take('once 0').remaining).toBe(1)
})
