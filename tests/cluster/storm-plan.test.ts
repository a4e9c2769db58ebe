import fc from 'fast-check'
import { expect, test } from 'vitest'
import { everywhere, plan, type Step } from '../../scripts/storm/plan.js'
import { Random } from '../../scripts/storm/random.js'
import { linkingProgress, reportText, verdictOn, type StormReport } from '../../scripts/storm/report.js'
import { Turns } from '../../scripts/storm/turns.js'

const plannable = {
  places: ['node-1', 'node-2', 'node-3'],
  faultsOfNode: ['kill', 'stop', 'freeze', 'cut'],
  beginsWith: ['freeze', 'cut'],
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

test('every fault comes at its own places, once before any comes again, and first one that is to come first', () => {
  fc.assert(
    fc.property(seeds, seed => {
      const all = steps(seed, 200)
      const ofAll = all.filter(({ place }) => place === everywhere).map(({ fault }) => fault)
      const ofNode = all.filter(({ place }) => place !== everywhere)
      expect(new Set(ofAll.slice(0, 2))).toEqual(new Set(plannable.faultsOfAll))
      expect(plannable.beginsWith).toContain(all[0]?.fault)
      expect(new Set(ofNode.slice(0, 4).map(({ fault }) => fault))).toEqual(new Set(plannable.faultsOfNode))
      expect(new Set(ofNode.map(({ place }) => place))).toEqual(new Set(plannable.places))
    }),
  )
})

const none = { count: 0, p50: 0, p95: 0, max: 0 }
const wellEnded: StormReport = {
  verdict: 'passed',
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
  calmAfterMs: 1_000,
  findings: [],
  notJudged: [],
}

test('a report of what went wrong says how to have the same plan again, with every option', () => {
  const text = reportText({ ...wellEnded, verdict: 'failed', calmAfterMs: null })
  expect(text).toContain('The same plan: npm run storm -- --seconds 60 --seed 7 --sessions 30 --nodes 2')
  expect(text).toMatch(/Thrown out by another node +3, silent before: at least 4100 ms/u)
})

test('a short storm in which a check had nothing to look at says so and passes, a long one fails', () => {
  const notJudged = [{ invariant: 'I-7 one owner', why: 'nobody was thrown out by another node' }]
  const short = { ...wellEnded, seconds: 149, notJudged }
  const long = { ...short, seconds: 150 }
  expect([wellEnded, short, long].map(verdictOn)).toEqual(['passed', 'passed', 'failed'])
  expect(verdictOn({ ...short, calmAfterMs: null })).toBe('failed')
  const wrong = { invariant: 'I-9 credentials', session: null, at: Date.UTC(2026, 0, 1), what: 'older' }
  expect(verdictOn({ ...short, findings: [wrong] })).toBe('failed')
  const text = reportText(short)
  expect(text).toContain(
    'I-7 one owner: not judged: nobody was thrown out by another node; a longer storm, such as --seconds 180, has more to look at',
  )
  expect(text).not.toContain('1970')
  expect(text).not.toContain('wrong:')
  expect(text.split('\n').at(-1)).toBe('Passed: nothing was wrong in what could be judged.')
  expect(reportText({ ...long, verdict: 'failed' })).toMatch(/not judged: nobody was thrown out by another node$/mu)
})

test('a fault that finds nothing to hit lets what waits at its place go first, and is tried again while it is due', async () => {
  const turns = new Turns(0)
  const done: string[] = []
  const missed: string[] = []
  const add = (name: string, hitsAt: number, isDue = () => true) => {
    let tries = 0
    const work = async () => {
      if (++tries < hitsAt) throw new Error(`${name}: nothing there`)
      done.push(name)
    }
    turns.add('here', { work, isDue, onMiss: why => missed.push(why) })
  }
  add('late', 3)
  add('early', 1)
  add('never', 9, () => missed.filter(why => why.startsWith('never')).length < 2)
  await turns.over()
  expect(done).toEqual(['early', 'late'])
  expect(missed.toSorted()).toEqual([...Array(2).fill('late: nothing there'), ...Array(2).fill('never: nothing there')])
})

test('while sessions are linked somebody is told ten times how far it is', () => {
  const told: string[] = []
  const progress = linkingProgress(295, line => told.push(line))
  for (let done = 1; done <= 295; done += 1) progress(done)
  expect(told).toHaveLength(10)
  expect(told[0]).toBe('30 of 295 sessions linked')
  expect(told.at(-1)).toBe('295 of 295 sessions linked')
})
