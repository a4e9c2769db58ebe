import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase } from '../src/backend/database/database.js'
import { createTenants } from '../src/backend/database/tenant-transaction.js'
import { keyStoreDeadlineMs } from '../src/backend/engine/postgres-keystore.js'
import { createNodeLease } from '../src/backend/leases/node-lease.js'
import { createLog } from '../src/backend/log.js'
import { operatorWorkspace } from '../src/backend/tenancy/operator-workspace.js'
import { TcpProxy } from './support/tcp-proxy.js'
import { openTestDatabase, type TestDatabase } from './support/template-database.js'

let clone: TestDatabase

beforeAll(async () => {
  clone = await openTestDatabase()
})

afterAll(() => clone[Symbol.asyncDispose]())

test('who still has something to ask about once it is sure is answered anew', async () => {
  let again = true
  const sure: ReadonlyMap<string, bigint>[] = []
  const lease = createNodeLease({
    url: () => clone.appUrl,
    database: clone.database,
    log: createLog({ level: 'silent' }),
  })
  await using _ = lease
  await lease.start({
    onDoubt: () => {},
    onSure(owned) {
      sure.push(owned)
      if (again) lease.doubt()
      again = false
    },
    onReplaced: () => {},
  })
  lease.doubt()
  await expect.poll(() => sure).toHaveLength(2)
  expect(lease.isSure()).toBe(true)
})

test('of a database that says nothing the node is in doubt before anybody has waited for it in vain as long as a key store does', async () => {
  await using line = await TcpProxy.open(clone.appUrl)
  const url = line.through(clone.appUrl)
  await using silent = openDatabase({ url })
  const happened: string[] = []
  const tenants = createTenants(silent, () => void happened.push('lost'))
  const workspaceId = await operatorWorkspace(clone.database, createTenants(clone.database))
  await using lease = createNodeLease({ url: () => url, database: clone.database, log: createLog({ level: 'silent' }) })
  await lease.start({ onDoubt: () => void happened.push('doubt'), onSure: () => {}, onReplaced: () => {} })
  line.stall()
  const call = tenants.read({ workspaceId }, async () => {}, { deadlineMs: keyStoreDeadlineMs })
  await expect(call).rejects.toMatchObject({ code: 'database_unavailable' })
  expect(happened[0]).toBe('doubt')
  await line.restore()
})
