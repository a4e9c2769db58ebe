import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { Rows } from '../../../tests/support/rows.js'
import { openTestDatabase, type TestDatabase } from '../../../tests/support/template-database.js'
import type { WorkspaceId } from '../../contract/ids.js'
import { createTenants, type Tenants } from '../database/tenant-transaction.js'
import { createEventLog } from '../events/event-log.js'
import { createEventWakeups, type EventWakeups } from '../events/event-wakeups.js'
import { visitorHash, type VisitorToken } from '../http/attempt-cookie.js'
import type { OpenFeed } from '../live/websocket.js'
import { createLog } from '../log.js'
import { operatorWorkspace } from '../tenancy/operator-workspace.js'
import { createVault } from '../vault/vault.js'
import { createVisitorFeed } from './visitor-feed.js'

let clone: TestDatabase
let rows: Rows
let wakeups: EventWakeups
let workspaceId: WorkspaceId
let openFeed: OpenFeed
/** Signs of life that were to be stored since the test began. */
let notes = 0

beforeAll(async () => {
  clone = await openTestDatabase()
  rows = new Rows(clone.ownerUrl)
  const log = createLog({ level: 'silent' })
  const real = createTenants(clone.database)
  const tenants: Tenants = {
    ...real,
    transact: (...of) => {
      notes++
      return real.transact(...of)
    },
  }
  workspaceId = await operatorWorkspace(clone.database, real)
  const vault = createVault({ secret: randomBytes(32) })
  wakeups = createEventWakeups({ url: () => clone.appUrl, log })
  const events = createEventLog({ vault })
  openFeed = createVisitorFeed({
    tenants,
    events,
    wakeups,
    vault,
    workspaceId: () => workspaceId,
    log,
    seenEveryMs: 10,
  })
})

afterAll(async () => {
  await wakeups[Symbol.asyncDispose]()
  await rows[Symbol.asyncDispose]()
  await clone[Symbol.asyncDispose]()
})

beforeEach(() => {
  notes = 0
})

/** A browser whose attempt waits in the queue, last seen an hour ago. */
async function waitingVisitor(): Promise<{ token: VisitorToken; sessionId: string }> {
  const token = randomBytes(32).toString('base64url') as VisitorToken
  const sessionId = randomUUID()
  await rows.query(
    `insert into link_attempts (workspace_id, session_id, visitor_hash, node_id, mode, phase, expires_at, seen_at)
     values ($1, $2, $3, $4, 'managed', 'queued', clock_timestamp() + interval '1 hour', clock_timestamp() - interval '1 hour')`,
    [workspaceId, sessionId, visitorHash(token), randomUUID()],
  )
  return { token, sessionId }
}

const seenLately = (sessionId: string) =>
  rows.query(
    `select 1 from link_attempts where session_id = $1 and seen_at > clock_timestamp() - interval '1 minute'`,
    [sessionId],
  )

test('an open feed keeps a place in the queue, one whose socket closed before the first read does not', async () => {
  const gone = await waitingVisitor()
  const closed = new AbortController()
  const opening = openFeed(gone.token, { after: null, signal: closed.signal })
  closed.abort()
  expect(await opening).toBeNull()

  const there = await waitingVisitor()
  const socket = new AbortController()
  expect(await openFeed(there.token, { after: null, signal: socket.signal })).not.toBeNull()
  await expect.poll(() => notes).toBeGreaterThan(3)
  expect(await seenLately(there.sessionId)).toHaveLength(1)
  expect(await seenLately(gone.sessionId)).toEqual([])
  socket.abort()
})

test('signs of life end with the socket, and with the time in the queue', async () => {
  const leaving = await waitingVisitor()
  const called = await waitingVisitor()
  const [closing, staying] = [new AbortController(), new AbortController()]
  await openFeed(leaving.token, { after: null, signal: closing.signal })
  await openFeed(called.token, { after: null, signal: staying.signal })
  await expect.poll(() => notes).toBeGreaterThan(3)
  await rows.query(`update link_attempts set phase = 'starting' where session_id = $1`, [called.sessionId])
  closing.abort()
  // whoever still noted would go on for ever
  let before = -1
  const still = () => {
    const same = before === notes
    before = notes
    return same
  }
  await expect.poll(still, { interval: 100 }).toBe(true)
  staying.abort()
})
