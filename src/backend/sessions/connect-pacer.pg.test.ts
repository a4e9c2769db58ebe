import { describe, expect, test, vi } from 'vitest'
import { PacerRig, someSession, turn } from '../../../tests/support/pacer-rig.js'
import { openDatabase } from '../database/database.js'
import { createLog } from '../log.js'
import { createOperatorAlarm } from './operator-alarm.js'
import { makeConnectPacer } from './make-connect-pacer.js'
import type { SessionId } from '../../contract/ids.js'
import { UnderWay } from './under-way.js'

const rig = new PacerRig()
const never = new AbortController().signal

describe('turns', () => {
  test('no more begin than may be under way: each that opens or comes to nothing makes room for one', async () => {
    const { pacer } = rig.node({ mostUnderWay: 2 })
    const ids = Array.from({ length: 5 }, someSession)
    const begun: SessionId[] = []
    for (const id of ids) void turn(pacer, never, id).then(() => begun.push(id))
    await vi.waitFor(() => expect(begun).toEqual(ids.slice(0, 2)))
    pacer.opened(begun[0])
    await vi.waitFor(() => expect(begun).toEqual(ids.slice(0, 3)))
    for (const id of begun.slice(1)) pacer.ended(id)
    await vi.waitFor(() => expect(begun).toEqual(ids))
    expect(pacer.counts()).toMatchObject({ waiting: 0, granted: 5 })
  })

  test('times that passed while all were under way are not made up for: new ones are taken', async () => {
    const paid: number[] = []
    const pacer = rig.built(({ budget }) => ({
      underWay: new UnderWay(1),
      budget: { ...budget, pay: count => (paid.push(count), budget.pay(count)) },
    }))
    const ids = Array.from({ length: 4 }, someSession)
    const begun: SessionId[] = []
    for (const id of ids) void turn(pacer, never, id).then(() => begun.push(id))
    const begins = (count: number) => vi.waitFor(() => expect(begun).toEqual(ids.slice(0, count)))
    const ends = () => pacer.ended(begun.at(-1) ?? someSession())
    await begins(1)
    ends()
    await begins(2)
    expect(paid).toEqual([1, 3])
    const { now } = performance
    performance.now = () => now.call(performance) + 1_500
    try {
      ends()
      await begins(3)
      expect(paid).toEqual([1, 3, 2])
    } finally {
      performance.now = now
    }
  })

  test('many sessions on two nodes take few statements, and each its own slot', async () => {
    const nodes = [
      rig.node({ perSecond: 100, burst: 10, total: 100 }),
      rig.node({ perSecond: 100, burst: 10, total: 100 }),
    ]
    const begin = performance.now()
    await Promise.all(nodes.flatMap(({ pacer }) => Array.from({ length: 75 }, () => turn(pacer))))
    // 150 in all, 100 at once and a hundred a second
    expect(performance.now() - begin).toBeGreaterThan(400)
    expect(nodes.map(({ pacer }) => pacer.counts().granted)).toEqual([75, 75])
    expect(nodes.map(({ pacer }) => pacer.counts().waiting)).toEqual([0, 0])
  })

  test('who gives up does not hold up the others', async () => {
    const { pacer } = rig.node({ perSecond: 100, burst: 1 })
    const giving = new AbortController()
    const first = turn(pacer, giving.signal)
    const second = turn(pacer)
    giving.abort(new Error('enough'))
    await expect(first).rejects.toThrow('enough')
    await second
  })

  test('wait while the database is away', async () => {
    const away = openDatabase({ url: 'postgres://127.0.0.1:1/nothing' })
    const log: string[] = []
    const logger = createLog({ level: 'info', destination: { write: line => void log.push(line) } })
    const settings = { perSecond: 10, burst: 10, perSecondTotal: 10, egress: 'here' }
    const alarm = createOperatorAlarm({ log: logger })
    const pacer = makeConnectPacer({ database: away, settings, version: [2, 3000, 1], alarm, log: logger })
    const giving = new AbortController()
    const waiting = turn(pacer, giving.signal)
    await vi.waitFor(() => expect(log.join('')).toContain('connects_not_paid'), 10_000)
    expect(pacer.counts()).toMatchObject({ waiting: 1, granted: 0 })
    giving.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await pacer[Symbol.asyncDispose]()
    await away.close()
  })
})

test('a turn that is asked for too late takes nobody else’s', async () => {
  const { pacer } = rig.node()
  await expect(turn(pacer, AbortSignal.abort())).rejects.toThrow()
  await turn(pacer)
})
