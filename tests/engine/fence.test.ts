import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { assertFence } from '../../src/backend/leases/fence.js'
import { lookForOrphans } from '../../src/backend/leases/claims.js'
import { EngineRig } from '../support/engine-rig.js'
import { Rows } from '../support/rows.js'

let rig: EngineRig
let rows: Rows

beforeAll(async () => {
  rig = await EngineRig.start()
  rows = new Rows(rig.clone.ownerUrl)
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await rig[Symbol.asyncDispose]()
})

const raiseEpoch = `update session_leases set epoch = epoch + 1 where session_id = $1`

test('a claim waits for a write that has asserted its fence', async () => {
  const { sessionId, workspaceId, fence } = (await rig.account()).identity
  await using other = new Rows(rig.clone.ownerUrl)
  const order: string[] = []
  const claiming = await rig.tenants.transact({ workspaceId }, async tx => {
    await assertFence(tx, sessionId, fence)
    const claim = other.query(raiseEpoch, [sessionId]).then(() => void order.push('claimed'))
    const waiting = rows.waitFor(`select 1 from pg_stat_activity where wait_event_type = 'Lock' and query = $1`, [
      raiseEpoch,
    ])
    await Promise.race([claim, waiting])
    order.push('written')
    // not awaited here: it waits for this transaction
    return { claim }
  })
  await claiming.claim
  expect(order).toEqual(['written', 'claimed'])
})

test('an orphan is not claimed while its last write is under way, and its next write is refused', async () => {
  const node = randomUUID()
  const { sessionId, workspaceId, fence } = (await rig.account()).identity
  const looking = { nodeId: node, host: null, most: 100 }
  const claimed = async () => (await lookForOrphans(rig.database, looking)).claimed.map(session => session.sessionId)
  await rig.tenants.transact({ workspaceId }, async tx => {
    await assertFence(tx, sessionId, fence)
    expect(await claimed()).not.toContain(sessionId)
  })
  expect(await claimed()).toContain(sessionId)
  await expect(rig.tenants.transact({ workspaceId }, tx => assertFence(tx, sessionId, fence))).rejects.toMatchObject({
    code: 'fenced',
  })
})
