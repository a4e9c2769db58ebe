import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BadAsker, eightAtOnce, goodBody } from './support/bad-asker.js'
import { json } from './support/bad-input.js'
import { mayTake, ruleOf } from './support/body-rules.js'
import { sampleOf, nothing } from './support/route-samples.js'

/** For each route. More of them are asked for by FUZZ_RUNS; a failure prints the seed and the path that repeat it. */
const numRuns = Number(process.env['FUZZ_RUNS'] ?? 6)

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

/** A list with one of its items broken, or with one more. */
const nearList = (list: readonly unknown[]): fc.Arbitrary<unknown> =>
  fc.tuple(fc.integer({ min: 0, max: list.length }), value).map(([at, broken]) => list.toSpliced(at, 1, broken))

/** A good body with one field broken, added or taken away, or part of what a field holds; or something else. */
const near = (good: Record<string, unknown>, fields: readonly string[]): fc.Arbitrary<unknown> => {
  const names = fields.length === 0 ? ['surprise'] : fields
  const lists = names.filter(name => Array.isArray(good[name]))
  const changed = fc.tuple(fc.constantFrom(...names), value)
  const within = lists.map(name => nearList(good[name] as unknown[]).map(list => ({ ...good, [name]: list })))
  return fc.oneof(
    { weight: 6, arbitrary: changed.map(([name, broken]) => ({ ...good, [name]: broken })) },
    ...within.map(arbitrary => ({ weight: 2, arbitrary })),
    { weight: 1, arbitrary: fc.tuple(text, value).map(([name, more]) => ({ ...good, [name]: more })) },
    {
      weight: 1,
      arbitrary: fc.subarray([...names]).map(kept => Object.fromEntries(kept.map(one => [one, good[one]]))),
    },
    { weight: 1, arbitrary: value },
  )
}

const asSent = (sent: unknown): unknown => JSON.parse(json(sent) ?? 'null')

test('whatever a body is, what no field takes is refused in one form and stored nowhere, by every route', async () => {
  const takers = asker.routes.filter(route => goodBody(route) !== null)
  await asker.unchanged(async () => {
    await eightAtOnce(takers, async route =>
      fc.assert(
        fc.asyncProperty(near(goodBody(route) ?? {}, Object.keys(ruleOf(route).fields)), async sent => {
          fc.pre(!mayTake(route, asSent(sent)))
          expect((await asker.refuses(route, json(sent))).faults).toEqual([])
        }),
        { numRuns },
      ),
    )
  })
})

test('whatever stands in the place of an id, it is none, in the words for one that does not exist', async () => {
  const named = asker.routes.filter(({ path }) => path.includes(':'))
  // a browser takes dots for a way up, and what is no text cannot be written in an address
  const id = text.map(one => one.slice(0, 2_000)).filter(one => !/^\.{0,2}$|\p{Cs}/u.test(one))
  await asker.unchanged(async () => {
    await eightAtOnce(named, async route => {
      const unknown = await asker.refusesId(route, null)
      expect(unknown).toMatchObject({ status: 404, faults: [] })
      await fc.assert(
        fc.asyncProperty(id, async one => {
          const { status, problem, faults } = await asker.refusesId(route, one)
          expect(faults).toEqual([])
          expect([unknown.problem?.code, 'validation_failed', 'bad_request']).toContain(problem?.code)
          expect([404, 400]).toContain(status)
        }),
        { numRuns },
      )
    })
  }, /\.audit_(log|heads)$/)
})

test('whatever stands behind the question mark, nobody hears of a fault of ours', async () => {
  const askers = asker.routes.filter(({ query }) => query)
  await asker.unchanged(async () => {
    await eightAtOnce(askers, async route => {
      const names = Object.keys(sampleOf(route).query?.(nothing()) ?? {})
      const queries = fc.dictionary(fc.constantFrom(...names, 'surprise'), text, { maxKeys: 3 })
      await fc.assert(
        fc.asyncProperty(queries, async query => {
          const { status, faults } = await asker.refusesQuery(route, query)
          if (status !== 200 || 'surprise' in query) expect(faults).toEqual([])
        }),
        { numRuns: numRuns * 2 },
      )
    })
  })
})
