import fc from 'fast-check'
import { expect, test } from 'vitest'
import { everywhere, plan, type Step } from '../../scripts/storm/plan.js'
import { Random } from '../../scripts/storm/random.js'
import { reportText } from '../../scripts/storm/report.js'

const plannable = {
  places: ['node-1', 'node-2', 'node-3'],
  faultsOfNode: ['kill', 'stop', 'freeze', 'cut'],
  faultsOfAll: ['database away', 'WhatsApp away'],
}
const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 })

/** The first steps, with something that happens at each of them. */
function steps(seed: number, count: number, during: (step: Step) => void = () => {}): Step[] {
  const coming = plan(seed, plannable)
  return Array.from({ length: count }, () => {
    const { value } = coming.next()
    during(value)
    return value
  })
}

test('a seed has one plan, whatever its faults draw meanwhile, and in whatever order they do', () => {
  fc.assert(
    fc.property(seeds, seed => {
      const drawn = new Map<Step, number>()
      const one = steps(seed, 60, step => drawn.set(step, new Random(step.seed).between(0, 20_000)))
      const late = steps(seed, 60)
      expect(late).toEqual(one)
      expect(late.toReversed().map(step => new Random(step.seed).between(0, 20_000))).toEqual(
        [...drawn.values()].toReversed(),
      )
      expect(new Set(one.map(step => step.seed)).size).toBe(60)
    }),
  )
})

test('every fault comes at its own places, once before any comes again', () => {
  fc.assert(
    fc.property(seeds, seed => {
      const all = steps(seed, 200)
      const ofAll = all.filter(({ place }) => place === everywhere).map(({ fault }) => fault)
      const ofNode = all.filter(({ place }) => place !== everywhere)
      expect(new Set(ofAll.slice(0, 2))).toEqual(new Set(plannable.faultsOfAll))
      expect(new Set(ofNode.slice(0, 4).map(({ fault }) => fault))).toEqual(new Set(plannable.faultsOfNode))
      expect(new Set(ofNode.map(({ place }) => place))).toEqual(new Set(plannable.places))
    }),
  )
})

test('a report of what went wrong says how to have the same plan again, with every option', () => {
  const none = { count: 0, p50: 0, p95: 0, max: 0 }
  const text = reportText({
    verdict: 'failed',
    seed: 7,
    seconds: 60,
    sessions: 30,
    nodes: 2,
    faults: {},
    takeovers: { claimedMs: none, onlineMs: none },
    evictions: { count: 3, silentMs: 4_100 },
    loginsElsewhere: { thrownOut: 0, backMs: none },
    commands: {},
    messages: { sent: 0, arrived: 0 },
    connects: 0,
    calmAfterMs: null,
    findings: [],
  })
  expect(text).toContain('The same plan: npm run storm -- --seconds 60 --seed 7 --sessions 30 --nodes 2')
  expect(text).toMatch(/Thrown out by another node +3, silent before: at least 4100 ms/u)
})
