import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { check } from '../../scripts/storm/checker/check.js'
import { defaultLimits } from '../../scripts/storm/checker/limits.js'
import { Random } from '../../scripts/storm/random.js'
import { cleanHistory } from './clean-history.js'
import { mutants } from './mutants.js'

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const runs = { numRuns: 60 }

describe('the checker of recorded histories', () => {
  test('says nothing of one in which all is well', () => {
    fc.assert(
      fc.property(seeds, seed => {
        expect(check(cleanHistory(new Random(seed)), defaultLimits)).toEqual([])
      }),
      runs,
    )
  })

  test.each(mutants)('catches $what', ({ invariant, put }) => {
    fc.assert(
      fc.property(seeds, seed => {
        const random = new Random(seed)
        const history = cleanHistory(random)
        put(history, random)
        const findings = check(history, defaultLimits)
        expect(findings.map(finding => finding.invariant)).toContainEqual(expect.stringContaining(invariant))
      }),
      runs,
    )
  })

  test('lets credentials go that a terminal code has ended', () => {
    const history = cleanHistory(new Random(1))
    const [{ session } = { session: '' }] = history.credentials
    const at = Math.max(...history.credentials.map(change => change.at)) + 1
    history.endings.push({ session, at })
    history.credentials.push({ session, version: null, digest: null, at: at + 1 })
    expect(check(history, defaultLimits)).toEqual([])
  })
})
