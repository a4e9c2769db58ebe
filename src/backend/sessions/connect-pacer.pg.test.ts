import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { Rows } from '../../../tests/support/rows.js'
import { cloneDatabase, type ClonedDatabase } from '../../../tests/support/template-database.js'
import { SessionId } from '../../contract/ids.js'
import { openDatabase, type Database } from '../database/database.js'
import { createLog } from '../log.js'
import { createConnectBreakers } from './connect-breakers.js'
import { createConnectBudget } from './connect-budget.js'
import { createConnectPacer, type ConnectPacer, type ConnectPacerDeps } from './connect-pacer.js'
import { makeConnectPacer } from './make-connect-pacer.js'
import { createOperatorAlarm, type OperatorAlarm } from './operator-alarm.js'
import { TokenBucket } from './token-bucket.js'
import { UnderWay } from './under-way.js'

let clone: ClonedDatabase
let rows: Rows
let database: Database
const open: ConnectPacer[] = []

beforeAll(async () => {
  clone = await cloneDatabase()
  rows = new Rows(clone.ownerUrl)
  database = openDatabase({ url: clone.ownerUrl })
})

afterEach(async () => {
  for (const pacer of open.splice(0)) await pacer[Symbol.asyncDispose]()
  await rows.query('delete from connect_budget')
  await rows.query('delete from connect_breakers')
})

afterAll(async () => {
  await database.close()
  await rows[Symbol.asyncDispose]()
  await clone.drop()
})

type Node = { pacer: ConnectPacer; alarm: OperatorAlarm; log: string[] }

function node({
  perSecond = 1_000,
  burst = 1_000,
  total = 1_000,
  egress = 'here',
  version = 1,
  mostUnderWay = Infinity,
} = {}): Node {
  const log: string[] = []
  const logger = createLog({ level: 'info', destination: { write: line => void log.push(line) } })
  const alarm = createOperatorAlarm({ log: logger })
  const settings = { perSecond, burst, perSecondTotal: total, egress }
  const limits = { settings, mostUnderWay, longestLookMs: 200 }
  const pacer = makeConnectPacer({ database, version: [2, 3000, version], alarm, log: logger, ...limits })
  open.push(pacer)
  return { pacer, alarm, log }
}

/** A pacer of which a part is looked into. */
function built(parts: (own: ConnectPacerDeps) => Partial<ConnectPacerDeps>): ConnectPacer {
  const log = createLog({ level: 'silent' })
  const scopes = { egress: 'here', version: '1' }
  const deps = {
    bucket: new TokenBucket(1_000, 1_000),
    budget: createConnectBudget(database, scopes, 10),
    breakers: createConnectBreakers(database, scopes),
    underWay: new UnderWay(Infinity),
    alarm: createOperatorAlarm({ log }),
    log,
    batch: 10,
  }
  const pacer = createConnectPacer({ ...deps, ...parts(deps) })
  open.push(pacer)
  return pacer
}

const sessionId = () => SessionId.parse(randomUUID())
const never = new AbortController().signal
const turn = (pacer: ConnectPacer, signal = never, id = sessionId()) =>
  pacer.turn({ sessionId: id, priority: 'rest' }, signal).then(() => id)

describe('turns', () => {
  test('no more begin than may be under way: each that opens or comes to nothing makes room for one', async () => {
    const { pacer } = node({ mostUnderWay: 2 })
    const ids = Array.from({ length: 5 }, sessionId)
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
    const pacer = built(({ budget }) => ({
      underWay: new UnderWay(1),
      budget: { ...budget, pay: count => (paid.push(count), budget.pay(count)) },
    }))
    const ids = Array.from({ length: 4 }, sessionId)
    const begun: SessionId[] = []
    for (const id of ids) void turn(pacer, never, id).then(() => begun.push(id))
    const begins = (count: number) => vi.waitFor(() => expect(begun).toEqual(ids.slice(0, count)))
    const ends = () => pacer.ended(begun.at(-1) ?? sessionId())
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
    const nodes = [node({ perSecond: 100, burst: 10, total: 100 }), node({ perSecond: 100, burst: 10, total: 100 })]
    const begin = performance.now()
    await Promise.all(nodes.flatMap(({ pacer }) => Array.from({ length: 75 }, () => turn(pacer))))
    // 150 in all, 100 at once and a hundred a second
    expect(performance.now() - begin).toBeGreaterThan(400)
    expect(nodes.map(({ pacer }) => pacer.counts().granted)).toEqual([75, 75])
    expect(nodes.map(({ pacer }) => pacer.counts().waiting)).toEqual([0, 0])
  })

  test('who gives up does not hold up the others', async () => {
    const { pacer } = node({ perSecond: 100, burst: 1 })
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

describe('a client that WhatsApp refuses', () => {
  /** Two sessions of a node have met 405. */
  async function refuse({ pacer }: Node): Promise<void> {
    pacer.refused({ id: sessionId(), breaker: 'outdated' })
    pacer.refused({ id: sessionId(), breaker: 'outdated' })
    await vi.waitFor(() => expect(pacer.counts().heldBy).toBe('outdated'))
  }

  const canaryIsDue = () => rows.query(`update connect_breakers set tried_at = tried_at - interval '30 seconds'`)

  test('is told by two sessions within a minute, and not by one', async () => {
    const breakers = createConnectBreakers(database, { egress: 'here', version: '1' })
    const [one, other] = [sessionId(), sessionId()]
    expect(await breakers.hit({ id: one, breaker: 'outdated' })).toBe(false)
    expect(await breakers.hit({ id: one, breaker: 'outdated' })).toBe(false)
    await rows.query(`update connect_breakers set hit_at = hit_at - interval '61 seconds'`)
    expect(await breakers.hit({ id: other, breaker: 'outdated' })).toBe(false)
    expect(await breakers.hit({ id: one, breaker: 'outdated' })).toBe(true)
  })

  test('lets one session through in half a minute, over all nodes, and all once that one is in', async () => {
    const first = node()
    const nodes = [first, node()]
    await refuse(first)
    const passed: { at: Node; id: SessionId }[] = []
    const turns = nodes.flatMap(at =>
      Array.from({ length: 5 }, () => turn(at.pacer).then(id => void passed.push({ at, id }))),
    )
    await vi.waitFor(() => expect(nodes.map(({ pacer }) => pacer.counts().heldBy)).toEqual(['outdated', 'outdated']))
    expect(passed).toEqual([])
    expect(nodes.map(({ alarm }) => alarm.raised())).toEqual([['engine_outdated'], ['engine_outdated']])
    expect(nodes[1]?.log.filter(line => line.includes('"event":"engine_outdated"'))).toHaveLength(1)

    await canaryIsDue()
    await vi.waitFor(() => expect(passed).toHaveLength(1), 15_000)
    const [canary] = passed
    // another session that was let in earlier proves nothing
    canary?.at.pacer.opened(sessionId())
    expect(await rows.query('select from connect_breakers where opened_at is not null')).toHaveLength(1)

    canary?.at.pacer.opened(canary.id)
    await Promise.all(turns)
    expect(passed).toHaveLength(10)
    await vi.waitFor(() => expect(nodes.map(({ alarm }) => alarm.raised())).toEqual([[], []]), 15_000)
  }, 60_000)

  test('the one let through is the one that had its turn, whoever came while that was asked for', async () => {
    const ids = { first: sessionId(), urgent: sessionId() }
    const begun: SessionId[] = []
    const pacer: ConnectPacer = built(({ breakers }) => ({
      breakers: {
        ...breakers,
        async mayTry() {
          const may = await breakers.mayTry()
          const urgent = { sessionId: ids.urgent, priority: 'owner_waits' } as const
          if (may) void pacer.turn(urgent, never).then(() => begun.push(ids.urgent))
          return may
        },
      },
    }))
    await refuse({ ...node(), pacer })
    void turn(pacer, never, ids.first).then(() => begun.push(ids.first))
    await canaryIsDue()
    await vi.waitFor(() => expect(begun).toEqual([ids.urgent]), 15_000)
    pacer.opened(ids.urgent)
    await vi.waitFor(() => expect(begun).toEqual([ids.urgent, ids.first]), 15_000)
  }, 60_000)

  test('is a matter of its version: a node with another one goes on', async () => {
    const [old, newer] = [node({ version: 1 }), node({ version: 2 })]
    await refuse(old)
    await turn(newer.pacer)
    expect(newer.alarm.raised()).toEqual([])
  })

  test('a link that WhatsApp lets in releases everybody', async () => {
    const { pacer } = node()
    const held: Node = node()
    await refuse(held)
    await refuse({ ...held, pacer })
    pacer.opened()
    await turn(pacer)
  })
})

describe('an address from which WhatsApp wants fewer connects', () => {
  test('is left alone by all its nodes for a minute, or for what was asked', async () => {
    const breakers = createConnectBreakers(database, { egress: 'here', version: '1' })
    const ahead = async () => {
      const [row] = await rows.query<{ s: number }>(
        `select extract(epoch from until - clock_timestamp())::float as s from connect_breakers`,
      )
      return row?.s ?? 0
    }
    await breakers.hit({ id: sessionId(), breaker: 'upgrade_429' })
    expect(await ahead()).toBeGreaterThan(55)
    await breakers.hit({ id: sessionId(), breaker: 'upgrade_429', retryAfterMs: 600_000 })
    expect(await ahead()).toBeGreaterThan(595)
    await breakers.hit({ id: sessionId(), breaker: 'upgrade_429', retryAfterMs: 86_400_000 })
    expect(await ahead()).toBeLessThanOrEqual(3_600)
    await breakers.hit({ id: sessionId(), breaker: 'upgrade_429' })
    expect(await ahead()).toBeGreaterThan(3_500)
  })

  test('and goes on by itself afterwards; other addresses never stopped', async () => {
    const [here, neighbour, there] = [node(), node(), node({ egress: 'there' })]
    here.pacer.refused({ id: sessionId(), breaker: 'upgrade_429' })
    await vi.waitFor(() => expect(here.pacer.counts().heldBy).toBe('upgrade_429'))
    await turn(there.pacer)
    const waiting = turn(neighbour.pacer)
    await vi.waitFor(() => expect(neighbour.pacer.counts().heldBy).toBe('upgrade_429'))
    await rows.query(`update connect_breakers set until = clock_timestamp() - interval '1 second'`)
    await vi.waitFor(() => expect(neighbour.pacer.counts().granted).toBe(1), 15_000)
    await waiting
    // nobody is told of what passes by itself
    expect(here.alarm.raised()).toEqual([])
  })
})
