import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TenantRig } from '../../../tests/support/tenant-rig.js'
import { forgetInvitations, forgetLogins, forgetSignIns } from './forget-people.js'

let rig: TenantRig

beforeAll(async () => (rig = await TenantRig.open()))
afterAll(() => rig[Symbol.asyncDispose]())

async function member(): Promise<string> {
  const id = randomUUID()
  await rig.rows.query(`insert into app_users (workspace_id, id, name, role) values ($1, $2, 'Ada', 'member')`, [
    rig.workspaceId,
    id,
  ])
  await rig.rows.query(
    `insert into logins (id, email, password_hash) values ($1::uuid, $1::text || '@example.com', $2)`,
    [id, 'a hash of twenty characters'],
  )
  return id
}

test('sign-ins that are over go with their tokens, of members and of who has no place, a limited number at a time', async () => {
  const people = [await member(), await member()]
  await rig.rows.query('delete from app_users where id = $1', [people[1]])
  for (const login of people) {
    for (const end of ['-1 minute', '-1 day', '1 day']) {
      await rig.rows.query(
        `with family as (
           insert into refresh_families (login_id, workspace_id, expires_at)
           values ($1, $2, clock_timestamp() + $3::interval) returning login_id, id
         ) insert into refresh_tokens (login_id, family_id, hash) select login_id, id, sha256(id::text::bytea) from family`,
        [login, rig.workspaceId, end],
      )
    }
  }
  expect(await rig.transact(tx => forgetSignIns(tx, 3))).toBe(3)
  expect(await rig.transact(tx => forgetSignIns(tx, 3))).toBe(1)
  expect(await rig.transact(tx => forgetSignIns(tx, 3))).toBe(0)
  const left = await rig.rows.query('select from refresh_families')
  const tokens = await rig.rows.query('select from refresh_tokens')
  expect([left.length, tokens.length]).toEqual([2, 2])
})

test('afterwards the transaction acts for the workspace again, and sees no login', async () => {
  const seen = await rig.transact(async tx => {
    await forgetSignIns(tx, 10)
    return tx.db.selectFrom('logins').select('id').execute()
  })
  expect(seen).toEqual([])
})

test('invitations go a month after they were good', async () => {
  for (const end of ['-31 days', '-29 days', '1 day']) {
    await rig.rows.query(
      `insert into invitations (workspace_id, role, token_hash, invited_by, expires_at)
       values ($1, 'member', sha256($2::text::bytea), gen_random_uuid(), clock_timestamp() + $2::text::interval)`,
      [rig.workspaceId, end],
    )
  }
  expect(await rig.transact(tx => forgetInvitations(tx, 10))).toBe(1)
  expect(await rig.rows.query('select from invitations')).toHaveLength(2)
})

test('a login without a place goes after a month, and one that has a place again stays', async () => {
  const [gone, back, here] = [await member(), await member(), await member()]
  const leave = (id: string) => rig.rows.query('delete from app_users where id = $1', [id])
  const look = () => rig.transact(tx => forgetLogins(tx, 10))
  const left = async () =>
    (await rig.rows.query<{ id: string }>('select id from logins where left_at is not null')).map(({ id }) => id)
  await rig.rows.query('delete from logins where id not in (select id from app_users)')
  await leave(gone)
  await leave(back)
  expect(await look()).toBe(2)
  expect(await look()).toBe(0)
  expect((await left()).toSorted()).toEqual([gone, back].toSorted())
  await rig.rows.query(`insert into app_users (workspace_id, id, name, role) values ($1, $2, 'Ada', 'member')`, [
    rig.workspaceId,
    back,
  ])
  await rig.rows.query(`update logins set left_at = left_at - interval '31 days' where left_at is not null`)
  expect(await look()).toBe(2)
  expect(await left()).toEqual([])
  const there = await rig.rows.query<{ id: string }>('select id from logins where id = any ($1)', [[gone, back, here]])
  expect(there.map(({ id }) => id).toSorted()).toEqual([back, here].toSorted())
})

test('a login that gets a place at that moment stays', async () => {
  const id = await member()
  await rig.rows.query('delete from app_users where id = $1', [id])
  await rig.transact(tx => forgetLogins(tx, 10))
  await rig.rows.query(`update logins set left_at = left_at - interval '31 days' where id = $1`, [id])
  const joining = rig.transact(async tx => {
    await sql`select set_config('app.user', ${id}, true)`.execute(tx.db)
    await sql`select from logins where id = ${id} for share`.execute(tx.db)
    const looking = rig.transact(other => forgetLogins(other, 10))
    await rig.rows.waitFor(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    )
    await sql`insert into app_users (workspace_id, id, name, role) values (${rig.workspaceId}, ${id}, 'Ada', 'member')`.execute(
      tx.db,
    )
    return { looking }
  })
  await (
    await joining
  ).looking
  expect(await rig.rows.query('select from logins where id = $1', [id])).toHaveLength(1)
})
