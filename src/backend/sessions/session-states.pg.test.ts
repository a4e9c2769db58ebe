import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Rows } from '../../../tests/support/rows.js'
import { sessionRow } from '../../../tests/support/session-row.js'
import { openTestDatabase, type TestDatabase } from '../../../tests/support/template-database.js'
import { createTenants } from '../database/tenant-transaction.js'
import { createEventLog } from '../events/event-log.js'
import { operatorWorkspace } from '../tenancy/operator-workspace.js'
import { createVault } from '../vault/vault.js'
import { createSessionStates } from './session-states.js'

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

test('what a node counts a session as is what is stored of it, also when that does not let it move', async () => {
  const tenants = createTenants(clone.database)
  const vault = createVault({ secret: randomBytes(32) })
  const workspaceId = await operatorWorkspace(clone.database, tenants)
  const nodeId = randomUUID()
  const sessionId = await sessionRow(rows, workspaceId, { state: 'disconnected', nodeId })
  const [lease] = await rows.query<{ epoch: string }>(`select epoch from session_leases where session_id = $1`, [
    sessionId,
  ])
  const identity = await tenants.transact({ workspaceId }, async tx => ({
    workspaceId,
    sessionId,
    sealer: await vault.createSealer(tx, { workspaceId, sessionId }),
    fence: { nodeId, epoch: BigInt(lease?.epoch ?? 0) },
  }))
  const states = createSessionStates({
    tenants,
    events: createEventLog({ vault }),
    onResting: async () => {},
    isLinking: async () => false,
  })

  await states.reconnecting(identity)
  expect(states.shown(sessionId)).toBe('disconnected')
  await states.connected(identity)
  expect(states.shown(sessionId)).toBe('connected')
  await rows.query(`update session_leases set wanted = false where session_id = $1`, [sessionId])
  await states.reconnecting(identity)
  expect(states.shown(sessionId)).toBe('connected')
})
