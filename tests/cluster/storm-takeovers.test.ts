import { expect, test } from 'vitest'
import { fateOf } from '../../scripts/storm/outlive-lease.js'
import { Random } from '../../scripts/storm/random.js'
import { takeovers } from '../../scripts/storm/takeovers.js'
import type { Injected } from '../../scripts/storm/weather.js'
import { cleanHistory, type Draft } from './clean-history.js'

const session = 'a'
const lease = (node: string, epoch: number, at: number) => ({ session, node, epoch, wanted: true, at })
const fault = (name: string, at: number, more: Partial<Injected> = {}): Injected => ({
  fault: name,
  process: 'node-1.1',
  at,
  until: at + 9_000,
  hit: true,
  ...more,
})

/** Of one session that goes from `node-1.1` to `node-2.1` ten seconds after the beginning. */
function takenOver(): Draft {
  const login = { session, connection: 1, node: 'node-2.1', loggedInAt: 12_000, closedAt: null, replaced: false }
  return {
    ...cleanHistory(new Random(1)),
    steppedBack: [],
    leases: [lease('node-1.1', 1, 0), lease('node-2.1', 2, 10_000)],
    connections: [login],
  }
}

test('a takeover is measured from the last fault that hit its owner, not from one that found nothing to hit', () => {
  const injected = [
    fault('kill', 1_000),
    fault('login elsewhere', 8_000, { hit: false }),
    fault('kill', 9_000, { process: 'node-3.1' }),
  ]
  expect(takeovers(takenOver(), injected)).toEqual([
    { session, from: 'node-1.1', to: 'node-2.1', claimedMs: 9_000, onlineMs: 11_000 },
  ])
  expect(takeovers(takenOver(), [fault('login elsewhere', 8_000, { hit: false })])).toEqual([])
})

test('lines of a node that stands still are lost, stand, or were thrown out by a login of another node', () => {
  const span = { frontEnd: 0, connectedAt: 0, loggedInAt: 1 }
  const one = { ...span, connection: 1, via: 'node-1.1' }
  const other = { ...span, connection: 2, via: 'node-1.1', closedAt: 5 }
  expect(fateOf([1, 2], [one, other])).toBe('standing')
  expect(fateOf([2], [one, other])).toBe('lost')
  const thrownOut = { ...other, replacedBy: 3 }
  const by = (via: string | undefined) => ({ ...span, connection: 3, ...(via !== undefined && { via }) })
  expect(fateOf([1, 2], [one, thrownOut, by('node-2.1')])).toBe('thrown out')
  // by a copy, and by the node itself
  expect(fateOf([1, 2], [one, thrownOut, by(undefined)])).toBe('standing')
  expect(fateOf([2], [thrownOut, by('node-1.1')])).toBe('lost')
})
