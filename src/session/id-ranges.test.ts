import fc from 'fast-check'
import { expect, test } from 'vitest'
import { IdRanges, runOf, type IdRange } from './id-ranges.js'

const range = fc.oneof(
  fc.integer({ min: 1, max: 60 }),
  fc.tuple(fc.integer({ min: 1, max: 60 }), fc.nat(9)).map(([first, more]): IdRange => [first, first + more]),
)

test('holds exactly what was put in, whatever the order, and lists it in runs', () => {
  fc.assert(
    fc.property(fc.array(range, { maxLength: 20 }), ranges => {
      const expected = new Set(
        ranges.flatMap(each => {
          const { first, last } = runOf(each)
          return Array.from({ length: last - first + 1 }, (_, i) => first + i)
        }),
      )
      const ids = new IdRanges(ranges)
      for (let id = 0; id <= 72; id += 1) expect(ids.has(id)).toBe(expected.has(id))
      expect(new IdRanges(ids.list()).list()).toEqual(ids.list())
      const ends = ids.runs().map(({ first, last }) => [first, last])
      for (const [i, [first = 0]] of ends.entries())
        if (i > 0) expect(first).toBeGreaterThan((ends[i - 1]?.[1] ?? 0) + 1)
    }),
  )
})

test('lists runs of three or more as first and last', () => {
  expect(new IdRanges([9, 2, 1, 20, 21, 22, [23, 4_000_000]]).list()).toEqual([1, 2, 9, [20, 4_000_000]])
})
