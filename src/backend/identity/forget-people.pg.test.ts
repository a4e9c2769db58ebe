import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TenantRig } from '../../../tests/support/tenant-rig.js'
import { forgetInvitations, forgetSignIns } from './forget-people.js'

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
