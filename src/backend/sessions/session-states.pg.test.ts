import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Rows } from '../../../tests/support/rows.js'
import { sessionRow, type SessionRow } from '../../../tests/support/session-row.js'
import { openTestDatabase, type TestDatabase } from '../../../tests/support/template-database.js'
import { createTenants } from '../database/tenant-transaction.js'
import { createEventLog } from '../events/event-log.js'
import { operatorWorkspace } from '../tenancy/operator-workspace.js'
import { createVault } from '../vault/vault.js'
import { createSessionStates } from './session-states.js'

const secret = randomBytes(32)
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

async function owned(row: Pick<SessionRow, 'state' | 'reason'>) {
  const tenants = createTenants(clone.database)
  const vault = createVault({ secret })
  const workspaceId = await operatorWorkspace(clone.database, tenants)
  const nodeId = randomUUID()
  const sessionId = await sessionRow(rows, workspaceId, { ...row, nodeId })
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
  const stored = async () => {
    const found = await rows.query<{ state: string }>(`select state from sessions where id = $1`, [sessionId])
    return found[0]?.state
  }
  return { states, identity, sessionId, stored }
}

test('what a node counts a session as is what is stored of it, also when that does not let it move', async () => {
  const { states, identity, sessionId } = await owned({ state: 'disconnected' })
  await states.reconnecting(identity)
  expect(states.shown(sessionId)).toBe('disconnected')
  await states.connected(identity)
  expect(states.shown(sessionId)).toBe('connected')
  await rows.query(`update session_leases set wanted = false where session_id = $1`, [sessionId])
  await states.reconnecting(identity)
  expect(states.shown(sessionId)).toBe('connected')
})

test.each([
  ['connecting', 'disconnected', 'engine_outdated'],
  ['begun', 'connected', null],
] as const)('a change that the database lost is stored by the next try: %s', async (change, state, reason) => {
  const { states, identity, sessionId, stored } = await owned({ state, reason })
  await rows.query(`
    create function public.lose() returns trigger language plpgsql as $$
      begin raise exception 'gone' using errcode = 'admin_shutdown'; end $$`)
  await rows.query('create trigger lose before insert on session_history for each row execute function public.lose()')
  await expect(states[change](identity)).rejects.toMatchObject({ code: 'database_unavailable' })
  expect(states.shown(sessionId)).not.toBe('connecting')
  await rows.query('drop trigger lose on session_history')
  await rows.query('drop function public.lose()')
  await states[change](identity)
  expect(states.shown(sessionId)).toBe('connecting')
  expect(await stored()).toBe('connecting')
})
