import { afterAll, beforeAll, expect, test } from 'vitest'
import { PeopleRig } from './support/people-rig.js'
import type { Person } from './support/person.js'

let rig: PeopleRig

beforeAll(async () => (rig = await PeopleRig.open()))
afterAll(() => rig[Symbol.asyncDispose]())

const deleted = ({ email, password }: Person, more: object = {}) =>
  rig.stranger().ask('POST', '/api/v1/auth/delete-login', { email, password, ...more })

/** Where the e-mail still stands, but for invitations that name it. */
const tracesOf = async ({ email, userId }: Person) => {
  const found = await Promise.all(
    ['logins', 'app_users', 'refresh_families'].map(table =>
      rig.rows.query(`select from ${table} t where t::text like any ($1)`, [[`%${email}%`, `%${userId}%`]]),
    ),
  )
  return found.map(rows => rows.length)
}

test('a login goes with its places in all workspaces and its sign-ins, and its e-mail may be used anew', async () => {
  const person = await rig.join()
  const { body } = await rig.owner.asks('POST', '/api/v1/workspaces', { name: 'Another' })
  await rig.owner.signIn({ workspaceId: String(body['workspaceId']) })
  expect((await person.accept(await rig.invitation('admin'))).status).toBe(200)
  await rig.owner.signIn()
  expect(await tracesOf(person)).toEqual([1, 2, 2])
  expect((await deleted(person)).status).toBe(204)
  expect(await tracesOf(person)).toEqual([0, 0, 0])
  await expect.poll(() => person.me()).toBe(401)
  expect((await person.refresh()).status).toBe(401)
  expect((await person.signIn()).body['code']).toBe('wrong_credentials')
  const fresh = rig.stranger(person.email)
  expect((await fresh.accept(await rig.invitation())).status).toBe(200)
  expect(fresh.userId).not.toBe(person.userId)
})

test('whoever has no place any more may ask as well, and nobody without the password', async () => {
  const person = await rig.join()
  await rig.owner.asks('DELETE', `/api/v1/members/${person.userId}`)
  expect((await deleted(person, { password: 'not the right one' })).body['code']).toBe('wrong_credentials')
  expect((await tracesOf(person))[0]).toBe(1)
  expect((await deleted(person)).status).toBe(204)
  expect(await tracesOf(person)).toEqual([0, 0, 0])
})

test('a place that cannot be left keeps the login', async () => {
  expect((await deleted(rig.owner)).body['code']).toBe('member_kept')
  expect(await rig.owner.me()).toBe(200)
})
