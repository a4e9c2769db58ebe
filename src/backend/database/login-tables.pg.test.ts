import { randomBytes, randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Rows } from '../../../tests/support/rows.js'
import { openTestDatabase, type TestDatabase } from '../../../tests/support/template-database.js'
import { WorkspaceId } from '../../contract/ids.js'
import { type Database, openDatabase } from './database.js'
import { createTenants, type Tenants } from './tenant-transaction.js'

let clone: TestDatabase
let rows: Rows
let database: Database
let tenants: Tenants

beforeAll(async () => {
  clone = await openTestDatabase()
  rows = new Rows(clone.ownerUrl)
  // one connection, so that whatever a transaction left behind would meet the next
  database = openDatabase({ url: clone.appUrl, max: 1 })
  tenants = createTenants(database)
})
afterAll(async () => {
  await database.close()
  await rows[Symbol.asyncDispose]()
  await clone[Symbol.asyncDispose]()
})

type Person = { id: string; email: string; hash: Buffer }

/** A login with one sign-in. */
async function person(workspaceId: string = randomUUID()): Promise<Person> {
  const id = randomUUID()
  const made = { id, email: `${id}@example.com`, hash: randomBytes(32) }
  await tenants.asLogin(id, async ({ db }) => {
    await db
      .insertInto('logins')
      .values({ id, email: made.email, password_hash: 'x'.repeat(60) })
      .execute()
    const family = await db
      .insertInto('refresh_families')
      .values({ login_id: id, workspace_id: workspaceId, expires_at: new Date(Date.now() + 60_000) })
      .returning('id')
      .executeTakeFirstOrThrow()
    await db.insertInto('refresh_tokens').values({ login_id: id, family_id: family.id, hash: made.hash }).execute()
  })
  return made
}

async function workspace(): Promise<WorkspaceId> {
  const id = WorkspaceId.parse(randomUUID())
  await tenants.transact({ workspaceId: id }, ({ db }) =>
    db.insertInto('workspaces').values({ id, name: 'W', slug: id }).execute(),
  )
  return id
}

describe('a login', () => {
  test('reaches what is its own, in a workspace and without one', async () => {
    const [ann, bob] = [await person(), await person()]
    const workspaceId = await workspace()
    const own = [{ id: ann.id, hash: ann.hash }]
    const seen = sql<{ id: string; hash: Buffer }>`
      select l.id, t.hash from logins l join refresh_families f on f.login_id = l.id
      join refresh_tokens t on t.family_id = f.id`
    expect((await tenants.asLogin(ann.id, ({ db }) => seen.execute(db))).rows).toEqual(own)
    expect((await tenants.read({ workspaceId, userId: ann.id }, ({ db }) => seen.execute(db))).rows).toEqual(own)
    // nobody in particular, on the connection that she has just used
    expect((await tenants.read({ workspaceId }, ({ db }) => seen.execute(db))).rows).toEqual([])
    expect((await database.system(({ db }) => seen.execute(db))).rows).toEqual([])

    const taken = tenants.asLogin(bob.id, ({ db }) =>
      db.updateTable('logins').set({ version: 9 }).where('id', '=', ann.id).executeTakeFirst(),
    )
    expect((await taken).numUpdatedRows).toBe(0n)
    const made = tenants.asLogin(bob.id, ({ db }) =>
      db
        .insertInto('refresh_families')
        .values({ login_id: ann.id, workspace_id: workspaceId, expires_at: new Date() })
        .execute(),
    )
    await expect(made).rejects.toMatchObject({ sqlState: '42501' })
  })

  test('reaches nothing of a workspace when it acts in none', async () => {
    const workspaceId = await workspace()
    const ann = await person(workspaceId)
    await tenants.transact({ workspaceId }, ({ db }) =>
      db.insertInto('app_users').values({ workspace_id: workspaceId, id: ann.id, name: 'Ann' }).execute(),
    )
    const seen = await tenants.asLogin(ann.id, ({ db }) => sql`select from app_users, workspaces`.execute(db))
    expect(seen.rows).toEqual([])
  })

  test('has an id that is one', async () => {
    await expect(async () => tenants.asLogin(`' or true --`, async () => {})).rejects.toThrow(TypeError)
  })
})

describe('what is looked up before anybody is known is an id and nothing else:', () => {
  const ask = async (question: ReturnType<typeof sql<{ id: string | null }>>) =>
    (await database.system(({ db }) => question.execute(db))).rows.map(({ id }) => id)

  test('a login by its address, however that is written, and by what it was given to come back with', async () => {
    const ann = await person()
    expect(await ask(sql`select login_by_email(${ann.email.toUpperCase()}) as id`)).toEqual([ann.id])
    expect(await ask(sql`select login_by_email('nobody@example.com') as id`)).toEqual([null])
    expect(await ask(sql`select login_by_refresh_hash(${ann.hash}) as id`)).toEqual([ann.id])
    expect(await ask(sql`select login_by_refresh_hash(${randomBytes(32)}) as id`)).toEqual([null])
  })

  test('the workspace of a key and of an invitation', async () => {
    const workspaceId = await workspace()
    const token = randomBytes(32)
    const id = randomBytes(4).toString('hex')
    await tenants.transact({ workspaceId }, async ({ db }) => {
      const { id: userId } = await db
        .insertInto('app_users')
        .values({ workspace_id: workspaceId, name: 'Ann' })
        .returning('id')
        .executeTakeFirstOrThrow()
      await db
        .insertInto('api_keys')
        .values({
          workspace_id: workspaceId,
          id,
          user_id: userId,
          name: 'Shop',
          secret_hash: randomBytes(32),
          last4: 'abcd',
          scopes: ['read'],
          session_ids: null,
          addresses: null,
          expires_at: null,
        })
        .execute()
      await db
        .insertInto('invitations')
        .values({
          workspace_id: workspaceId,
          email: null,
          role: 'member',
          token_hash: token,
          invited_by: userId,
          expires_at: new Date(),
        })
        .execute()
    })
    expect(await ask(sql`select api_key_workspace(${id}) as id`)).toEqual([workspaceId])
    expect(await ask(sql`select api_key_workspace('00000000') as id`)).toEqual([null])
    expect(await ask(sql`select invitation_workspace(${token}) as id`)).toEqual([workspaceId])
    expect(await ask(sql`select invitation_workspace(${randomBytes(32)}) as id`)).toEqual([null])
  })

  test('the workspaces of whoever asks, and of nobody else', async () => {
    const [first, second] = [await workspace(), await workspace()]
    const [ann, bob] = [await person(), await person()]
    const join = (workspaceId: WorkspaceId, id: string) =>
      tenants.transact({ workspaceId }, ({ db }) =>
        db.insertInto('app_users').values({ workspace_id: workspaceId, id, name: 'M' }).execute(),
      )
    await join(first, ann.id)
    await join(second, ann.id)
    await join(second, bob.id)
    const of = async (id: string) =>
      (
        await tenants.asLogin(id, ({ db }) => sql<{ id: string }>`select workspaces_of_login() as id`.execute(db))
      ).rows.map(row => row.id)
    expect((await of(ann.id)).toSorted()).toEqual([first, second].toSorted())
    expect(await of(bob.id)).toEqual([second])
    expect(await ask(sql`select workspaces_of_login() as id`)).toEqual([])
  })
})
