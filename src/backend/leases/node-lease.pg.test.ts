import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clockAhead } from '../../../tests/support/clock-ahead.js'
import { Rows } from '../../../tests/support/rows.js'
import { TcpProxy } from '../../../tests/support/tcp-proxy.js'
import { openTestDatabase, type TestDatabase } from '../../../tests/support/template-database.js'
import { DatabaseUnavailableError } from '../database/database-errors.js'
import { SCHEMA } from '../database/schema.js'
import { createTenants } from '../database/tenant-transaction.js'
import { createLog } from '../log.js'
import { operatorWorkspace } from '../tenancy/operator-workspace.js'
import { lookForOrphans } from './claims.js'
import { LeaseLine } from './lease-line.js'
import { createNodeLease, type NodeLease } from './node-lease.js'

let clone: TestDatabase
let rows: Rows

beforeAll(async () => {
  clone = await openTestDatabase()
  rows = new Rows(clone.ownerUrl)
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await clone[Symbol.asyncDispose]()
})

async function node(endedBefore: string): Promise<string> {
  const id = randomUUID()
  await rows.query(`insert into nodes (id, lease_until) values ($1, clock_timestamp() - $2::interval)`, [
    id,
    endedBefore,
  ])
  return id
}

test('rows of processes that crashed long ago go, unless something of theirs is still to be claimed', async () => {
  const forgotten = await node('25 hours')
  const owing = await node('25 hours')
  const done = await node('25 hours')
  const recent = await node('23 hours')
  const workspaceId = await operatorWorkspace(clone.database, createTenants(clone.database))
  for (const [id, wanted] of [
    [owing, true],
    [done, false],
  ] as const) {
    await rows.query(
      `insert into session_leases (session_id, workspace_id, node_id, wanted) values (gen_random_uuid(), $1, $2, $3)`,
      [workspaceId, id, wanted],
    )
  }
  const lease = createNodeLease({
    url: () => clone.appUrl,
    database: clone.database,
    log: createLog({ level: 'silent' }),
  })
  await lease.start()
  const ids = async () => (await rows.query<{ id: string }>(`select id from nodes`)).map(row => row.id).toSorted()
  expect(await ids()).toEqual([owing, recent, lease.nodeId].toSorted())
  expect(await ids()).not.toContain(forgotten)
  await lease[Symbol.asyncDispose]()
  await lease[Symbol.asyncDispose]()
  expect(await ids()).toEqual([owing, recent].toSorted())
})

/** Quick enough for a test; a question that is not answered still takes its second. */
const times = { leaseMs: 3_000, renewEveryMs: 100, fenceMs: 2_000, retryMs: 50 }

type Told = {
  doubts: number
  replaced: number
  sure: ReadonlyMap<string, bigint>[]
  asked: number[]
  lines: { event: string; count?: number; ms?: number; hint?: string }[]
}

async function watched(url: string, name: string | null = null): Promise<{ lease: NodeLease; told: Told }> {
  const told: Told = { doubts: 0, replaced: 0, sure: [], asked: [], lines: [] }
  const write = (line: string) => void told.lines.push(JSON.parse(line))
  const log = createLog({ level: 'info', destination: { write } })
  const lease = createNodeLease({ url: () => url, database: clone.database, log, name, times })
  await lease.start({
    onDoubt: () => told.doubts++,
    onSure(owned, askedAt) {
      told.sure.push(owned)
      told.asked.push(askedAt)
    },
    onReplaced: () => told.replaced++,
  })
  return { lease, told }
}

async function owns(nodeId: string): Promise<string> {
  const workspaceId = await operatorWorkspace(clone.database, createTenants(clone.database))
  const [row] = await rows.query<{ session_id: string }>(
    `insert into session_leases (session_id, workspace_id, node_id, epoch) values (gen_random_uuid(), $1, $2, 5) returning session_id`,
    [workspaceId, nodeId],
  )
  return row?.session_id ?? ''
}

test.each(['does not answer', 'is gone'])(
  'while the database %s the node is in doubt, then it is told what is still its own',
  async how => {
    await using line = await TcpProxy.open(clone.appUrl)
    const { lease, told } = await watched(line.through(clone.appUrl))
    await using _ = lease
    const [kept, moved] = [await owns(lease.nodeId), await owns(lease.nodeId)]
    expect(lease.isSure()).toBe(true)
    if (how === 'is gone') line.cut()
    else line.stall()
    await expect.poll(() => told.doubts).toBe(1)
    expect(lease.isSure()).toBe(false)
    await expect.poll(() => lease.mayWrite()).toBe(false)
    await rows.query(`update session_leases set node_id = gen_random_uuid(), epoch = 6 where session_id = $1`, [moved])
    expect(told.sure).toEqual([])
    await line.restore()
    await expect.poll(() => told.sure).toHaveLength(1)
    expect([...(told.sure[0] ?? [])]).toEqual([[kept, 5n]])
    expect(lease.isSure() && lease.mayWrite()).toBe(true)
    expect(told.doubts).toBe(1)
  },
)

test('while connects are refused it says so once, and how long that was when it is over', async () => {
  await using line = await TcpProxy.open(clone.appUrl)
  const { lease, told } = await watched(line.through(clone.appUrl))
  await using _ = lease
  const said = (event: string) => told.lines.filter(entry => entry.event === event)
  line.cut()
  await expect.poll(() => lease.renewalsFailed(), { timeout: 10_000 }).toBeGreaterThan(4)
  expect(said('lease_not_renewed')).toMatchObject([{ count: 1 }])
  await line.restore()
  await expect.poll(() => said('lease_is_sure')).toHaveLength(1)
  expect(said('lease_is_sure')[0]?.ms).toBeGreaterThan(0)
})

test('trouble of anybody else’s makes it ask at once, and go on when the database answers', async () => {
  const { lease, told } = await watched(clone.appUrl)
  await using _ = lease
  const before = performance.now()
  lease.doubt()
  lease.doubt()
  expect(told.doubts).toBe(1)
  await expect.poll(() => told.sure).toHaveLength(1)
  // of what began before the question the answer knows
  expect(told.asked[0]).toBeGreaterThan(before)
})

test('a lease that somebody else has locked keeps nobody in doubt', async () => {
  const { lease, told } = await watched(clone.appUrl)
  await using _ = lease
  const session = await owns(lease.nodeId)
  await using other = new Rows(clone.ownerUrl)
  await other.query('begin')
  await other.query('select from session_leases where session_id = $1 for update', [session])
  lease.doubt()
  await expect.poll(() => told.sure).toHaveLength(1)
  expect([...(told.sure[0] ?? [])]).toEqual([[session, 5n]])
  expect(lease.renewalsFailed()).toBe(0)
})

test('a claim under way is waited for, and what it took is not taken for the own', async () => {
  const { lease, told } = await watched(clone.appUrl)
  await using _ = lease
  const [kept, claimed] = [await owns(lease.nodeId), await owns(lease.nodeId)]
  await using other = new Rows(clone.ownerUrl)
  await other.query('begin')
  // what a claim holds from its first look to its end
  await other.query('select from nodes where id = $1 for share', [lease.nodeId])
  await other.query('update session_leases set node_id = gen_random_uuid(), epoch = 6 where session_id = $1', [claimed])
  lease.doubt()
  await rows.waitFor(
    `select from pg_stat_activity where application_name = 'whizlite-lease' and wait_event_type = 'Lock'`,
  )
  expect(told.sure).toEqual([])
  await other.query('commit')
  await expect.poll(() => told.sure).toHaveLength(1)
  expect([...(told.sure[0] ?? [])]).toEqual([[kept, 5n]])
})

test('a start waits for a database that takes seconds to answer', async () => {
  await using other = new Rows(clone.ownerUrl)
  await other.query('begin; lock table nodes in exclusive mode')
  const watching = watched(clone.appUrl)
  await rows.waitFor(
    `select from pg_stat_activity where application_name = 'whizlite-lease' and wait_event_type = 'Lock'`,
  )
  // any other question is given up meanwhile
  await using line = new LeaseLine(clone.appUrl)
  await expect(line.ask(`select from ${SCHEMA}.nodes for share`, [])).rejects.toThrow(DatabaseUnavailableError)
  await other.query('commit')
  const { lease } = await watching
  await using _ = lease
  await expect.poll(() => lease.isSure()).toBe(true)
})

test('a process that stood still finds its lease run out before it says a word', async () => {
  const { lease, told } = await watched(clone.appUrl)
  expect(lease.mayWrite()).toBe(true)
  using _ = clockAhead(20_000)
  expect(lease.mayWrite()).toBe(false)
  expect(told.doubts).toBe(1)
  await expect.poll(() => told.sure).toHaveLength(1)
  expect(lease.mayWrite()).toBe(true)
  await lease[Symbol.asyncDispose]()
})

test.each([3_600_000, -3_600_000])('a wall clock that is wrong by %d ms decides nothing', async ms => {
  const { lease, told } = await watched(clone.appUrl)
  await using _ = lease
  const session = await owns(lease.nodeId)
  const right = Date.now
  Date.now = () => right() + ms
  try {
    const other = await watched(clone.appUrl)
    // one step of the clock may cost a question, and no more than that
    await expect.poll(() => lease.mayWrite() && lease.isSure()).toBe(true)
    for (const owned of told.sure) expect([...owned]).toEqual([[session, 5n]])
    expect(other.told.doubts).toBe(0)
    const looking = { nodeId: other.lease.nodeId, host: null, most: 100 }
    const { claimed } = await lookForOrphans(clone.database, looking)
    expect(claimed.map(({ sessionId }) => sessionId)).not.toContain(session)
    const [lease1] = await rows.query<{ ahead: number }>(
      `select extract(epoch from lease_until - clock_timestamp())::float8 as ahead from nodes where id = $1`,
      [other.lease.nodeId],
    )
    expect(Math.abs(lease1?.ahead ?? 1e9)).toBeLessThan(10)
    expect(await rows.query(`select node_id from session_leases where session_id = $1`, [session])).toEqual([
      { node_id: lease.nodeId },
    ])
    await other.lease[Symbol.asyncDispose]()
  } finally {
    Date.now = right
  }
})

test('a node that stops with something left leaves its row behind, ended, for others to share out', async () => {
  const { lease } = await watched(clone.appUrl)
  await owns(lease.nodeId)
  await lease[Symbol.asyncDispose]()
  expect(
    await rows.query(`select from nodes where id = $1 and lease_until < clock_timestamp()`, [lease.nodeId]),
  ).toHaveLength(1)
})

test('who starts under the name of another ends its lease at once, and that one never renews it again', async () => {
  // what other tests have left would be shared out as well
  await rows.query(`delete from session_leases`)
  const { lease: older, told } = await watched(clone.appUrl, 'web-0')
  const { lease: stranger } = await watched(clone.appUrl, 'web-1')
  const session = await owns(older.nodeId)
  const { lease: newer } = await watched(clone.appUrl, 'web-0')
  const { claimed } = await lookForOrphans(clone.database, { nodeId: newer.nodeId, host: null, most: 100 })
  expect(claimed.map(({ sessionId, fence }) => [sessionId, fence.epoch])).toContainEqual([session, 6n])
  await expect.poll(() => told.replaced).toBe(1)
  const hint = 'Stop it, or give it a NODE_NAME of its own and start it again.'
  expect(told.lines).toContainEqual(expect.objectContaining({ event: 'node_name_taken', hint }))
  expect([older.isReplaced(), older.isSure(), older.mayWrite()]).toEqual([true, false, false])
  older.doubt()
  expect(
    await rows.query(`select from nodes where id = $1 and lease_until < clock_timestamp()`, [older.nodeId]),
  ).toEqual([{}])
  for (const other of [stranger, newer]) {
    await expect.poll(() => other.isSure()).toBe(true)
    expect(other.isReplaced()).toBe(false)
  }
  expect(told.replaced).toBe(1)
  for (const lease of [older, stranger, newer]) await lease[Symbol.asyncDispose]()
})

test('of those that start together under one name one stays', async () => {
  const started = await Promise.all(Array.from({ length: 5 }, () => watched(clone.appUrl, 'web-2')))
  const replaced = () => started.filter(({ lease }) => lease.isReplaced())
  await expect.poll(() => replaced().length).toBe(4)
  const [kept] = started.filter(({ lease }) => !lease.isReplaced())
  const [newest] = await rows.query(
    `select id from nodes where name = 'web-2' order by started_at desc, id desc limit 1`,
  )
  expect(newest).toEqual({ id: kept?.lease.nodeId })
  await expect.poll(() => kept?.lease.isSure()).toBe(true)
  for (const { lease } of started) await lease[Symbol.asyncDispose]()
})
