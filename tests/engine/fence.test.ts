import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { assertFence } from '../../src/backend/leases/fence.js'
import { lookForOrphans } from '../../src/backend/leases/claims.js'
import { createAuthState } from '../../src/backend/engine/baileys/auth-state.js'
import { decodeCredentials } from '../../src/backend/engine/baileys/credentials.js'
import { KeyBatch } from '../../src/backend/engine/key-batch.js'
import { KeyRows } from '../../src/backend/engine/key-rows.js'
import { createKeyStore } from '../../src/backend/engine/postgres-keystore.js'
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

const anew = async () => rig.engine.newCredentials()

test('of two key stores under one fence, the one that has not seen the latest credentials cannot write older ones over them', async () => {
  const account = await rig.account()
  const behind = account.keys
  await behind.commit({ credentials: await anew() })
  await account.reload()
  const newer = await anew()
  await account.keys.commit({ credentials: newer })
  await account.keys.commit({ credentials: newer })
  await expect(behind.commit({ credentials: await anew() })).rejects.toMatchObject({ code: 'stale_credentials' })
  await account.reload()
  expect(account.keys.credentials.bytes).toEqual(newer.bytes)
})

test('credentials whose commit nobody heard of are written again', async () => {
  const { identity, keys } = await rig.account()
  const { workspaceId, sessionId, sealer } = identity
  await keys.commit({ credentials: await anew() })
  const batch = new KeyBatch()
  batch.add({ credentials: await anew() })
  const stored = new KeyRows(sessionId, sealer)
  const write = () => rig.tenants.transact({ workspaceId }, tx => stored.write(tx, batch, '1'))
  expect([await write(), await write()]).toEqual(['2', '2'])
})

test('new credentials are not written over stored ones', async () => {
  const { identity, keys } = await rig.account()
  await keys.commit({ credentials: await anew() })
  const { tenants } = rig
  const another = createKeyStore({ tenants, sealer: identity.sealer }, identity, await anew())
  await expect(another.commit({ credentials: await anew() })).rejects.toMatchObject({ code: 'stale_credentials' })
})

test('what a connection changed before its end is stored, what is still under way then is not', async () => {
  const account = await rig.account()
  await account.keys.commit({ credentials: account.keys.credentials })
  const auth = createAuthState(account.keys)
  const stored = async () => {
    await account.reload()
    return decodeCredentials(account.keys.credentials).creds.accountSyncCounter
  }
  auth.creds.accountSyncCounter = 1
  auth.credsChanged()
  auth.end()
  await auth.saved()
  expect(await stored()).toBe(1)
  auth.creds.accountSyncCounter = 2
  auth.credsChanged()
  await auth.saved()
  await expect(async () => auth.keys.set({ tctoken: { nobody: null } })).rejects.toMatchObject({ code: 'fenced' })
  expect(await stored()).toBe(1)
})
