import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TenantRig } from '../../../tests/support/tenant-rig.js'
import { WorkspaceId } from '../../contract/ids.js'
import { audit } from './audit.js'
import { verifyAudit, type Anchor } from './verify-audit.js'

let rig: TenantRig
let app: Client

beforeAll(async () => {
  rig = await TenantRig.open()
  app = new Client(rig.clone.appUrl)
  await app.connect()
  await app.query('set search_path to whizlite')
})
afterAll(async () => {
  await app.end()
  await rig[Symbol.asyncDispose]()
})

describe('a workspace that goes', () => {
  const made = async () => {
    const workspaceId = WorkspaceId.parse(randomUUID())
    await insert(workspaceId)
    for (let i = 0; i < 3; i++)
      await rig.tenants.transact({ workspaceId }, tx => audit(tx, { action: 'session.connect' }))
    return workspaceId
  }
  const insert = (id: string) =>
    rig.rows.query(`insert into workspaces (id, name, slug) values ($1, 'Other', $2)`, [id, `other-${id.slice(0, 8)}`])
  const as = async (workspaceId: string, statement: string) => {
    await app.query('begin')
    await app.query(`select set_config('app.workspace', $1, true)`, [workspaceId])
    try {
      await app.query(statement, [workspaceId])
      await app.query('commit')
    } catch (error) {
      await app.query('rollback')
      throw error
    }
  }
  const bury = `insert into tombstones (workspace_id, subject, kind, kek_id) values ($1, 'x', 'workspace', 'k')`
  const remove = 'delete from workspaces where id = $1'
  const reportOf = async (workspaceId: string, ...anchors: Anchor[]) =>
    (await verifyAudit(rig.clone.ownerUrl, anchors)).find(report => report.workspaceId === workspaceId)

  test('does not go unless it was to be erased', async () => {
    const workspaceId = await made()
    await expect(as(workspaceId, remove)).rejects.toThrow('not to be erased')
    expect(await reportOf(workspaceId)).toMatchObject({ fault: null, ended: false, head: { seq: 3n } })
  })

  test('leaves the end of its chain behind', async () => {
    const workspaceId = await made()
    const head = (await reportOf(workspaceId))?.head ?? { seq: 0n, hash: Buffer.alloc(0) }
    await as(workspaceId, bury)
    await as(workspaceId, remove)
    expect(await rig.rows.query('select from audit_log where workspace_id = $1', [workspaceId])).toEqual([])
    expect(await reportOf(workspaceId)).toEqual({ workspaceId, head, fault: null, ended: true })
    // of heads that were kept, those that can be compared are
    expect((await reportOf(workspaceId, { ...head, workspaceId }))?.fault).toBeNull()
    expect((await reportOf(workspaceId, { ...head, seq: 2n, workspaceId }))?.fault).toBeNull()
    const other = { workspaceId, seq: head.seq, hash: Buffer.alloc(32) }
    expect((await reportOf(workspaceId, other))?.fault).toEqual({ seq: 3n, fault: 'rewritten' })
    expect((await reportOf(workspaceId, { ...other, seq: 9n }))?.fault).toEqual({ seq: 4n, fault: 'cut_off' })
  })

  test('and comes back with another chain is found out', async () => {
    const workspaceId = await made()
    await as(workspaceId, bury)
    await as(workspaceId, remove)
    await insert(workspaceId)
    await rig.tenants.transact({ workspaceId }, tx => audit(tx, { action: 'session.connect' }))
    expect((await reportOf(workspaceId))?.fault).toEqual({ seq: 1n, fault: 'rewritten' })
  })
})
