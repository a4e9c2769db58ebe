import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TenantRig } from '../../../tests/support/tenant-rig.js'
import { handOver } from './hand-over.js'
import { defaultUser } from './operator-workspace.js'

let rig: TenantRig

beforeAll(async () => {
  rig = await TenantRig.open()
})
afterAll(() => rig[Symbol.asyncDispose]())

class Gate {
  open = (): void => {}
  readonly opened = new Promise<void>(resolve => {
    this.open = resolve
  })
}

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

test('a link that is begun while its member is removed is handed over with the rest', async () => {
  const ann = await member()
  const sessionId = randomUUID()
  const begun = new Gate()
  const mayCommit = new Gate()
  const beginning = rig.transact(async ({ db }) => {
    await db.selectFrom('app_users').select('id').where('id', '=', ann).forNoKeyUpdate().execute()
    await db
      .insertInto('link_attempts')
      .values({
        workspace_id: rig.workspaceId,
        session_id: sessionId,
        owner_id: ann,
        visitor_hash: randomBytes(32),
        node_id: randomUUID(),
        mode: 'managed',
        method: 'qr',
        phase: 'starting',
        expires_at: new Date(),
      })
      .execute()
    begun.open()
    await mayCommit.opened
  })
  await begun.opened
  const removing = rig.transact(async tx => {
    await handOver(tx, ann)
    await tx.db.deleteFrom('app_users').where('id', '=', ann).execute()
  })
  await rig.rows.waitFor(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)
  mayCommit.open()
  await Promise.all([beginning, removing])
  const [row] = await rig.rows.query('select owner_id from link_attempts where session_id = $1', [sessionId])
  expect(row).toEqual({ owner_id: await rig.transact(defaultUser) })
})
