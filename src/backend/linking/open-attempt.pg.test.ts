import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { Rows } from '../../../tests/support/rows.js'
import { TcpProxy } from '../../../tests/support/tcp-proxy.js'
import { openTestDatabase, type TestDatabase } from '../../../tests/support/template-database.js'
import { SessionId, type WorkspaceId } from '../../contract/ids.js'
import { openDatabase, type Database } from '../database/database.js'
import { createTenants } from '../database/tenant-transaction.js'
import { operatorWorkspace } from '../tenancy/operator-workspace.js'
import { createVault } from '../vault/vault.js'
import { openAttempt, type OpenAttemptDeps, type OpenAttemptInput } from './open-attempt.js'

let clone: TestDatabase
let line: TcpProxy
let rows: Rows
let database: Database
let deps: OpenAttemptDeps

beforeAll(async () => {
  clone = await openTestDatabase()
  line = await TcpProxy.open(clone.appUrl)
  rows = new Rows(clone.ownerUrl)
  database = openDatabase({ url: line.through(clone.appUrl) })
  const tenants = createTenants(database)
  const workspace: WorkspaceId = await operatorWorkspace(database, tenants)
  const vault = createVault({ secret: randomBytes(32) })
  deps = { tenants, vault, nodeId: randomUUID(), workspaceId: () => workspace, maxSessionsPerUser: 5 }
})

afterAll(async () => {
  await database.close()
  await rows[Symbol.asyncDispose]()
  await line[Symbol.asyncDispose]()
  await clone[Symbol.asyncDispose]()
})

let input: OpenAttemptInput
let visitorHash: Buffer

beforeEach(() => {
  const sessionId = SessionId.parse(randomUUID())
  visitorHash = randomBytes(32)
  input = {
    sessionId,
    placeId: sessionId,
    starter: { visitorHash, isNew: false },
    plan: { method: 'qr', phoneNumber: null, mode: 'managed', deliver: true, name: null },
    queued: false,
  }
})

afterEach(() => line.restore())

const attempts = () =>
  rows.query<{ session_id: string; phase: string }>(
    'select session_id, phase from link_attempts where visitor_hash = $1',
    [visitorHash],
  )

test.each([
  ['before it reaches the server', 'before'],
  ['after its commit, untold', 'after commit'],
] as const)('a line that is lost %s, and comes back', async (_, when) => {
  const cut = line.cutAt('insert into "link_attempts"', when)
  const opening = openAttempt(deps, input)
  const settled = opening.then(
    () => 'opened',
    () => 'refused',
  )
  await cut
  await line.restore()
  if (when === 'before') {
    // nothing can have been stored, so nothing has to be found again
    expect(await settled).toBe('refused')
    expect(await attempts()).toEqual([])
    return
  }
  const { sessionId, workspaceId, sealer, fence } = whole(await opening)
  expect({ sessionId, workspaceId, fence }).toEqual({
    sessionId: input.sessionId,
    workspaceId: deps.workspaceId(),
    fence: { nodeId: deps.nodeId, epoch: 1n },
  })
  expect(await attempts()).toEqual([{ session_id: sessionId, phase: 'starting' }])
  // with the key that was stored, not with another
  const cell = { table: 'session_credentials', column: 'credentials', row: sessionId }
  const again = await deps.tenants.read({ workspaceId }, async tx => {
    const sealed = await sealer.seal(tx, cell, Buffer.from('kept'))
    return (await deps.vault.sealer(tx, { workspaceId, sessionId })).open(tx, cell, sealed)
  })
  expect(again.toString()).toBe('kept')
})

test('a visitor’s link is in the audit log, with where it came from', async () => {
  await openAttempt(deps, { ...input, starter: { visitorHash, isNew: true, address: '192.0.2.7' } })
  const entries = await rows.query<{ entry: unknown }>('select entry from audit_log where target = $1', [
    input.sessionId,
  ])
  expect(entries.map(({ entry }) => entry)).toEqual([
    {
      action: 'session.link',
      result: 'done',
      by: 'visitor',
      address: '192.0.2.7',
      target: input.sessionId,
      detail: { method: 'qr', mode: 'managed', deliver: true },
    },
  ])
})

test('a database that stays away is told to the visitor', async () => {
  const cut = line.cutAt('insert into "link_attempts"', 'after commit')
  const opening = expect(openAttempt(deps, input)).rejects.toMatchObject({ code: 'database_unavailable' })
  await cut
  await opening
})

test('another attempt of the same browser is left as the only one', async () => {
  const first = whole(await openAttempt(deps, input))
  expect(await openAttempt(deps, { ...input, sessionId: SessionId.parse(randomUUID()) })).toEqual({
    sessionId: first.sessionId,
  })
})

type Opened = Awaited<ReturnType<typeof openAttempt>>

function whole(opened: Opened): Extract<Opened, { fence: unknown }> {
  if (!('fence' in opened)) throw new Error('this is another attempt')
  return opened
}
