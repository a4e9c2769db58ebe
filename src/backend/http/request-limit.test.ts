import { expect, test } from 'vitest'
import { createRequestLimit } from './request-limit.js'

const take = (limit: ReturnType<typeof createRequestLimit>, address: string, times: number) =>
  Array.from({ length: times }, () => limit.take(address))

test('so many requests a minute pass, of each network on its own; then it is told how long to wait', () => {
  let time = 0
  const limit = createRequestLimit({ most: 3, withinMs: 60_000, now: () => time })
  expect(take(limit, '192.0.2.1', 3)).toEqual([null, null, null])
  time = 12_500
  expect(take(limit, '192.0.2.1', 2)).toEqual([48, 48])
  expect(take(limit, '::ffff:192.0.2.1', 1)).toEqual([48])
  expect(take(limit, '192.0.2.2', 1)).toEqual([null])
  time = 60_000
  expect(take(limit, '192.0.2.1', 4)).toEqual([null, null, null, 60])
})

test('a /48 of IPv6 passes four times as many, of all its /64s together; what is refused counts nowhere', () => {
  const limit = createRequestLimit({ most: 2, withinMs: 60_000, now: () => 0 })
  for (const subnet of [1, 2, 3, 4]) expect(take(limit, `2001:db8:1:${subnet}::1`, 3)).toEqual([null, null, 60])
  expect(take(limit, '2001:db8:1:5::1', 1)).toEqual([60])
  expect(take(limit, '2001:db8:2:5::1', 1)).toEqual([null])
})

test('more addresses than can be remembered do not fill the memory', () => {
  const limit = createRequestLimit({ most: 1, withinMs: 60_000, now: () => 0 })
  for (let i = 0; i < 60_000; i++) limit.take(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)
  expect(limit.take('10.0.0.0')).toBeNull()
  expect(limit.take('10.0.234.95')).toBe(60)
})
