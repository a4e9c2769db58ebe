import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { check } from '../../scripts/storm/checker/check.js'
import { defaultLimits } from '../../scripts/storm/checker/limits.js'
import { evictions, type Eviction } from '../../scripts/storm/checker/evictions.js'
import type { WireWrite } from '../../scripts/storm/checker/history.js'
import { unjudged } from '../../scripts/storm/checker/unjudged.js'
import { Random } from '../../scripts/storm/random.js'
import { cleanHistory } from './clean-history.js'
import { mutants } from './mutants.js'

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const runs = { numRuns: 60 }

/** What a part of a history is called when there is none of it. */
const missing: Readonly<Record<string, string>> = {
  keys: 'message keys',
  credentials: 'changes of credentials',
  shown: 'states shown',
  resources: 'figures from the end',
  commands: 'commands to rest',
}

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

  test.each([
    'messages',
    'connections',
    'writes',
    'leases',
    'keys',
    'credentials',
    'connects',
    'tries',
    'shown',
    'resources',
    'commands',
  ] as const)('has nothing to judge without %s, and says so', part => {
    const history = cleanHistory(new Random(1))
    expect(unjudged(history)).toEqual([])
    expect(unjudged({ ...history, [part]: [] })).toContainEqual(
      expect.objectContaining({ why: `no ${missing[part] ?? part}` }),
    )
  })

  test('has nothing to say of fights where nobody has logged in elsewhere, and says so', () => {
    const history = cleanHistory(new Random(1))
    const connections = history.connections.filter(({ node }) => node !== null)
    expect(unjudged({ ...history, connections })).toMatchObject([{ invariant: 'I-14 no fights' }])
  })

  test('takes the connection that was being made when it was asked for one, and no other', () => {
    const history = cleanHistory(new Random(1))
    const { session, loggedInAt } = history.connections.reduce((a, b) => (a.loggedInAt > b.loggedInAt ? a : b))
    const command = (askedAt: number) => ({
      session,
      name: 'reconnect',
      wish: 'connects' as const,
      askedAt,
      answeredAt: askedAt + 5,
      state: 'connecting',
      until: Infinity,
    })
    const ofCommands = (changed: Partial<typeof history>) =>
      check({ ...history, ...changed }, defaultLimits).filter(({ invariant }) => invariant === 'commands')
    // let in, and not stored yet
    const early = [command(loggedInAt + 2)]
    expect(ofCommands({ commands: early })).toEqual([])
    expect(ofCommands({ commands: [command(loggedInAt + 20)] })).toMatchObject([{ session }])
    expect(ofCommands({ commands: early, connected: [] })).toMatchObject([{ session }])
    const anew = { session, epoch: 99, node: 'node 1', wanted: true, at: loggedInAt + 4 }
    expect(ofCommands({ commands: early, leases: [...history.leases, anew] })).toMatchObject([{ session }])
  })

  test('gives what was asked for a while to be done, though it is shown at once', () => {
    const history = cleanHistory(new Random(1))
    const [{ session, loggedInAt, node } = { session: '', loggedInAt: 0, node: '' }] = history.connections
    const line = { session, connection: 1, node, loggedInAt, closedAt: null, replaced: false }
    const at = loggedInAt + 60_000
    const shown = [0, 29_000, 31_000].map(ms => ({ session, state: 'handed_off', at: at + ms }))
    const asked = { session, name: 'hand-off', wish: 'rests', askedAt: at - 500, answeredAt: at - 100 } as const
    const commands = [{ ...asked, state: 'handed_off', until: Infinity }]
    const ofStates = (changed: Partial<typeof history>) =>
      check({ ...history, connections: [line], leases: [], shown, ...changed }, defaultLimits).filter(
        ({ invariant }) => invariant === 'I-16 shown state',
      )
    expect(ofStates({ commands })).toMatchObject([{ session, at: at + 31_000 }])
    expect(ofStates({ commands, shown: shown.slice(0, 2) })).toEqual([])
    // of its own accord
    expect(ofStates({ commands: [] })).toMatchObject([{ session, at }])
  })

  test('forgives who comes back after a login elsewhere of which the one that was thrown out could tell nobody', () => {
    const history = cleanHistory(new Random(1))
    const at = Math.min(...history.steppedBack.map(each => each.at))
    const [{ session } = { session: '' }] = history.steppedBack.filter(each => each.at === at)
    const node = 'node 2'
    const back = { session, connection: 10_000, node, loggedInAt: at + 20_000, closedAt: at + 20_100, replaced: false }
    history.connections.push(back)
    const ofFights = (changed: Partial<typeof history>) =>
      check({ ...history, ...changed }, defaultLimits).filter(({ invariant }) => invariant.includes('fights'))
    expect(ofFights({})).toMatchObject([{ session }])
    const outages = [{ from: at - 3_000, to: at + 10_000 }]
    expect(ofFights({ outages })).toMatchObject([{ session }])
    expect(ofFights({ outages, steppedBack: [] })).toEqual([])
  })

  test.each(['message key', 'pre-key'] as const)('has nothing to judge without any %s, and says so', kind => {
    const history = cleanHistory(new Random(1))
    const keys = history.keys.filter(key => key.kind !== kind)
    expect(unjudged({ ...history, keys })).toMatchObject([{ invariant: 'I-8 ratchets', why: `no ${kind}s` }])
  })

  test('has nothing to judge of owners when nobody was ever thrown out by another node, and says so', () => {
    const history = cleanHistory(new Random(1))
    expect(evictions(history).length).toBeGreaterThan(0)
    // by itself, as after a line that was lost, or by somebody outside
    const changed = evictions(history).map(
      ({ older, newer }, index) => [newer, index % 2 === 0 ? older.node : null] as const,
    )
    for (const [connection, node] of changed) Object.assign(connection, { node })
    expect(unjudged(history)).toMatchObject([
      { invariant: 'I-7 one owner', why: 'nobody was thrown out by another node' },
    ])
  })

  test('takes what a node has sent last, not what WhatsApp has kept open, for the end of its time', () => {
    const history = cleanHistory(new Random(1))
    const [{ older, newer }] = evictions(history) as [Eviction]
    const say = (at: number, late?: true) => ({
      session: older.session,
      connection: older.connection,
      at,
      ...(late && { late }),
    })
    const found = (...more: WireWrite[]) =>
      check({ ...history, writes: [...history.writes, ...more] }, defaultLimits).filter(({ what }) =>
        what.startsWith('online twice'),
      )
    const { loggedInAt } = newer
    expect(found(say(loggedInAt - 2_500))).toEqual([])
    expect(found(say(loggedInAt - 1_500))).toMatchObject([{ invariant: 'I-7 one owner', session: older.session }])
    expect(found(say(loggedInAt + 200, true))).toMatchObject([{ session: older.session }])
    // it had closed its line in good order: then only what was on its way may come after
    Object.assign(older, { replaced: false, closedAt: loggedInAt })
    expect(found(say(loggedInAt - 10))).toEqual([])
    expect(found(say(loggedInAt + 900))).toEqual([])
    expect(found(say(loggedInAt + 1_100))).toMatchObject([{ session: older.session }])
  })

  test('lets connects bunch in what a stall has kept back, and then only', () => {
    const at = Date.UTC(2026, 0, 1)
    const connects = Array.from({ length: 60 }, () => ({ node: 'node 1', at }))
    const history = { ...cleanHistory(new Random(1)), connects }
    const [{ invariant } = { invariant: '' }] = check(history, defaultLimits)
    expect(invariant).toContain('I-14')
    const limits = { ...defaultLimits, total: { perSecond: 100, burst: 100 } }
    expect(check({ ...history, stalls: [{ from: at - 6_000, to: at }] }, limits)).toEqual([])
    expect(check({ ...history, stalls: [{ from: at - 66_000, to: at - 60_000 }] }, limits)).not.toEqual([])
  })

  test('says of a process that nobody could read that it is not known', () => {
    const history = cleanHistory(new Random(1))
    const last = history.resources.find(({ mark }) => mark === 'end')
    if (last !== undefined) last.handles = null
    expect(check(history, defaultLimits)).toMatchObject([{ invariant: 'I-18 resources' }])
  })

  test('lets credentials go that a terminal code has ended', () => {
    const history = cleanHistory(new Random(1))
    const [{ session } = { session: '' }] = history.credentials
    const at = Math.max(...history.credentials.map(change => change.at)) + 1
    history.endings.push({ session, at })
    history.credentials.push({ session, version: null, contents: null, at: at + 1 })
    expect(check(history, defaultLimits)).toEqual([])
  })
})
