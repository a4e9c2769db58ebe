import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Route } from '../src/backend/http/route.js'
import { BadAsker, goodBody } from './support/bad-asker.js'
import { json } from './support/bad-input.js'
import { sampleOf, nothing } from './support/route-samples.js'

/** More of them are asked for by FUZZ_RUNS; a failure prints the seed and the path that repeat it. */
const numRuns = Number(process.env['FUZZ_RUNS'] ?? 200)

let asker: BadAsker

beforeAll(async () => {
  asker = await BadAsker.open()
})

afterAll(() => asker[Symbol.asyncDispose]())

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.constantFrom('\0', '\ud800', '__proto__', '1e309', '', ' ', '\u202e', 'x'.repeat(20_000)),
)

const value = fc.oneof(
  text,
  fc.jsonValue({ maxDepth: 4 }),
  fc.double(),
  fc.bigInt().map(Number),
  fc.array(text, { maxLength: 300 }),
  fc.integer({ min: 1, max: 60 }).map(depth => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown),
)

/** A good body with one field broken, added or taken away; or something else. */
const near = (good: Record<string, unknown>): fc.Arbitrary<unknown> => {
  const names = Object.keys(good)
  const changed = fc.tuple(fc.constantFrom(...(names.length === 0 ? ['surprise'] : names)), value)
  return fc.oneof(
    { weight: 6, arbitrary: changed.map(([name, broken]) => ({ ...good, [name]: broken })) },
    { weight: 1, arbitrary: fc.tuple(text, value).map(([name, more]) => ({ ...good, [name]: more })) },
    { weight: 1, arbitrary: fc.subarray(names).map(kept => Object.fromEntries(kept.map(name => [name, good[name]]))) },
    { weight: 1, arbitrary: value },
  )
}

const passes = ({ body }: Route, sent: unknown): boolean =>
  body?.safeParse(JSON.parse(json(sent) ?? 'null')).success === true

test('whatever a body is, what its schema does not take is refused in one form and stored nowhere', async () => {
  const takers = asker.routes.filter(route => goodBody(route) !== null)
  const cases = fc.constantFrom(...takers).chain(route => fc.tuple(fc.constant(route), near(goodBody(route) ?? {})))
  await asker.unchanged(() =>
    fc.assert(
      fc.asyncProperty(cases, async ([route, sent]) => {
        fc.pre(!passes(route, sent))
        expect((await asker.refuses(route, json(sent))).faults).toEqual([])
      }),
      { numRuns },
    ),
  )
})

test('whatever stands behind the question mark, nobody hears of a fault of ours', async () => {
  const askers = asker.routes.filter(({ query }) => query)
  const cases = fc.constantFrom(...askers).chain(route => {
    const names = Object.keys(sampleOf(route).query?.(nothing()) ?? {})
    return fc.tuple(fc.constant(route), fc.dictionary(fc.constantFrom(...names, 'surprise'), text, { maxKeys: 3 }))
  })
  await asker.unchanged(() =>
    fc.assert(
      fc.asyncProperty(cases, async ([route, query]) => {
        const { status, faults } = await asker.refusesQuery(route, query)
        if (status !== 200) expect(faults).toEqual([])
      }),
      { numRuns: Math.ceil(numRuns / 2) },
    ),
  )
})
