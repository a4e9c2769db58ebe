import { afterAll, beforeAll, expect, test } from 'vitest'
import { TenantRig } from '../../../tests/support/tenant-rig.js'
import { handOver } from './hand-over.js'
import { defaultUser } from './operator-workspace.js'

let rig: TenantRig

beforeAll(async () => {
  rig = await TenantRig.open()
})
afterAll(() => rig[Symbol.asyncDispose]())

const member = async (): Promise<string> => {
  const [row] = await rig.rows.query<{ id: string }>(
    `insert into app_users (workspace_id, name) values ($1, 'M') returning id`,
    [rig.workspaceId],
  )
  return row?.id ?? ''
}

const owned = (ids: string[]) =>
  rig.rows.query('select id, owner_id, visibility from sessions where id = any ($1) order by created_at', [ids])

const leave = (id: string) => rig.transact(({ db }) => db.deleteFrom('app_users').where('id', '=', id).execute())

test('what a member leaves behind is the default user’s, who alone sees it, and nothing of anybody else’s changes', async () => {
  const [ann, bob] = [await member(), await member()]
  const shown = await rig.session()
  const hers = await rig.session()
  const his = await rig.session()
  await rig.rows.query(`update sessions set owner_id = $2 where id = any ($1)`, [[shown, hers], ann])
  await rig.rows.query(`update sessions set visibility = 'workspace' where id = $1`, [shown])
  await rig.rows.query(`update sessions set owner_id = $2, visibility = 'workspace' where id = $1`, [his, bob])

  await expect(leave(ann)).rejects.toMatchObject({ code: 'database_refused', table: 'sessions' })
  await rig.transact(tx => handOver(tx, ann))
  await leave(ann)

  const operator = await rig.transact(defaultUser)
  expect(await owned([shown, hers, his])).toEqual([
    { id: shown, owner_id: operator, visibility: 'private' },
    { id: hers, owner_id: operator, visibility: 'private' },
    { id: his, owner_id: bob, visibility: 'workspace' },
  ])
})

test('it is not for a member to do', async () => {
  const [ann, bob] = [await member(), await member()]
  const hers = await rig.session()
  await rig.rows.query(`update sessions set owner_id = $2, visibility = 'workspace' where id = $1`, [hers, ann])
  const given = rig.tenants.transact({ workspaceId: rig.workspaceId, userId: bob }, tx => handOver(tx, ann))
  await expect(given).rejects.toMatchObject({ sqlState: '42501' })
  expect(await owned([hers])).toEqual([{ id: hers, owner_id: ann, visibility: 'workspace' }])
})
