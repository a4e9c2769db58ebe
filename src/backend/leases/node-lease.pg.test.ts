import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Rows } from '../../../tests/support/rows.js'
import { openTestDatabase, type TestDatabase } from '../../../tests/support/template-database.js'
import { createTenants } from '../database/tenant-transaction.js'
import { createLog } from '../log.js'
import { operatorWorkspace } from '../tenancy/operator-workspace.js'
import { createNodeLease } from './node-lease.js'

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
