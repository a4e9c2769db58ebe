import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { PeopleRig } from './support/people-rig.js'
import type { Person } from './support/person.js'

let rig: PeopleRig

beforeAll(async () => (rig = await PeopleRig.open({ env: { TRUST_PROXY: 'loopback' } })))
afterAll(() => rig[Symbol.asyncDispose]())
beforeEach(() => rig.rows.query('delete from sign_in_cool_downs'))

const home = '203.0.113.7'
const stranger = '198.51.100.66'

const signIn = async (person: Person, from: string, password = person.password) =>
  (
    await person.ask(
      'POST',
      '/api/v1/auth/sign-in',
      { email: person.email, password, tokenIn: 'body' },
      { 'x-forwarded-for': from },
    )
  ).status

/** As somebody does who knows an e-mail and no more. */
async function spoil(person: Person, from = stranger): Promise<void> {
  for (let i = 0; i < 5; i++) expect(await signIn(person, from, 'a wrong one, and again')).toBe(401)
  expect(await signIn(person, from, 'a wrong one, and again')).toBe(429)
}

test('who knows an e-mail alone keeps its login out of nowhere that it was before', async () => {
  const person = await rig.join()
  expect(await signIn(person, home)).toBe(200)
  await spoil(person)
  expect(await signIn(person, home)).toBe(200)
  expect(await signIn(person, '203.0.113.8')).toBe(429)
  expect(await signIn(person, home)).toBe(200)
  // and a sign-in at home does not let the stranger go on
  expect(await signIn(person, stranger, 'another wrong one')).toBe(429)
})

test('where a login was before, its password is guessed no more often than anywhere', async () => {
  const person = await rig.join()
  expect(await signIn(person, home)).toBe(200)
  await spoil(person, home)
  expect(await signIn(person, home)).toBe(429)
})

test('a network is known for ninety days, and to no other login', async () => {
  const [person, other] = [await rig.join(), await rig.join()]
  expect(await signIn(person, home)).toBe(200)
  await spoil(other)
  expect(await signIn(other, home)).toBe(429)
  await spoil(person)
  await rig.rows.query(`update sign_in_networks set at = at - interval '91 days'`)
  expect(await signIn(person, home)).toBe(429)
  await rig.rows.query('delete from sign_in_cool_downs')
  expect(await signIn(person, '203.0.113.9')).toBe(200)
  expect(await rig.rows.query(`select from sign_in_networks where at < now() - interval '90 days'`)).toEqual([])
})

test('a right password that still lacks its code makes no network known', async () => {
  const person = await rig.join()
  await rig.rows.query(`update logins set totp_secret = '\\x00', totp_confirmed_at = now() where id = $1`, [
    person.userId,
  ])
  const known = () => rig.rows.query('select from sign_in_networks')
  const before = (await known()).length
  expect(await signIn(person, home)).toBe(401)
  expect(await known()).toHaveLength(before)
})

test('who is signed in changes their password and e-mail whatever others guess', async () => {
  const person = await rig.join()
  await spoil(person)
  const fresh = 'lantern over the river'
  const changed = await person.asks('POST', '/api/v1/auth/password', { old: person.password, new: fresh })
  expect(changed.status).toBe(200)
  person.keep(changed)
  const begun = await person.asks('POST', '/api/v1/auth/totp/begin', { password: fresh })
  expect(begun.status).toBe(200)
  const email = 'elsewhere@example.com'
  expect((await person.asks('POST', '/api/v1/auth/email', { password: fresh, email })).status).toBe(200)
})

test('whoever chooses a new password by a link is known where they do, and nobody else is', async () => {
  const person = await rig.join()
  const thief = '198.51.100.77'
  expect(await signIn(person, thief)).toBe(200)
  await spoil(person)
  const token = `whiz_password_${'A'.repeat(43)}`
  await rig.rows.query(
    `update logins set password_link_hash = sha256($2::text::bytea), password_link_until = now() + interval '1 minute' where id = $1`,
    [person.userId, token],
  )
  person.password = 'compass behind a barn'
  const from = { 'x-forwarded-for': home }
  const taken = await person.ask('POST', '/api/v1/auth/new-password', { token, password: person.password }, from)
  expect(taken.status).toBe(204)
  await spoil(person)
  expect(await signIn(person, thief)).toBe(429)
  expect(await signIn(person, home)).toBe(200)
})
