import { afterAll, beforeAll, expect, test } from 'vitest'
import { PeopleRig } from './support/people-rig.js'
import type { Person } from './support/person.js'

let rig: PeopleRig

beforeAll(async () => (rig = await PeopleRig.open()))
afterAll(() => rig[Symbol.asyncDispose]())

/** The same person in another browser. */
async function elsewhere({ email, password }: Person): Promise<Person> {
  const again = rig.stranger(email)
  again.password = password
  expect((await again.signIn()).status).toBe(200)
  return again
}

const changePassword = (person: Person, old: string, fresh: string) =>
  person.asks('POST', '/api/v1/auth/password', { old, new: fresh })

test('a new password ends every other sign-in at once, and the one that asked goes on with a new access token', async () => {
  const person = await rig.join()
  const other = await elsewhere(person)
  const before = person.accessToken
  const answer = await changePassword(person, person.password, 'lantern over the river')
  expect(answer.status).toBe(200)
  await expect.poll(() => other.me(), { timeout: 2_000 }).toBe(401)
  expect((await other.refresh()).status).toBe(401)
  expect(await person.me()).toBe(401)
  person.keep(answer)
  expect(person.accessToken).not.toBe(before)
  expect(await person.me()).toBe(200)
  expect((await person.refresh()).status).toBe(200)
  expect((await person.signIn()).body['code']).toBe('wrong_credentials')
  person.password = 'lantern over the river'
  expect((await person.signIn()).status).toBe(200)
})

test('a new password needs the old one, which an access token alone cannot guess for ever, and must be a good one', async () => {
  const person = await rig.join()
  const old = person.password
  expect((await changePassword(person, old, 'short')).body).toMatchObject({
    code: 'weak_password',
    errors: [{ path: 'new' }],
  })
  const guesses = Array.from({ length: 8 }, (_, i) =>
    changePassword(person, `guess ${i} of many`, 'lantern over a river'),
  )
  const statuses = (await Promise.all(guesses)).map(({ status }) => status)
  expect(statuses.filter(status => status === 401)).toHaveLength(5)
  expect(statuses.filter(status => status === 429)).toHaveLength(3)
  expect((await changePassword(person, old, 'lantern over a river')).status).toBe(429)
  await rig.rows.query('delete from sign_in_cool_downs')
})

test('of two new passwords at once one is taken', async () => {
  const person = await rig.join()
  const wanted = ['lantern over the river', 'compass behind a barn']
  const answers = await Promise.all(wanted.map(fresh => changePassword(person, person.password, fresh)))
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401])
})

test('a sign-in that a new password overtakes is over with it', async () => {
  const person = await rig.join()
  const [answer, ...others] = await Promise.all([
    changePassword(person, person.password, 'lantern over the river'),
    ...Array.from({ length: 4 }, () => rig.stranger(person.email)).map(async again => {
      again.password = person.password
      await again.signIn()
      return again
    }),
  ])
  expect(answer.status).toBe(200)
  for (const other of others) {
    if (other.accessToken === '') continue
    await expect.poll(() => other.me()).toBe(401)
    expect((await other.refresh()).status).toBe(401)
  }
})

test('signing out everywhere ends all sign-ins at once', async () => {
  const person = await rig.join()
  const other = await elsewhere(person)
  expect((await person.asks('POST', '/api/v1/auth/sign-out-everywhere', {})).status).toBe(204)
  for (const one of [person, other]) {
    await expect.poll(() => one.me(), { timeout: 2_000 }).toBe(401)
    expect((await one.refresh()).status).toBe(401)
  }
  expect((await person.signIn()).status).toBe(200)
})

test('signing out ends that sign-in, and no other', async () => {
  const person = await rig.join()
  const other = await elsewhere(person)
  expect((await person.asks('POST', '/api/v1/auth/sign-out', {})).status).toBe(204)
  await expect.poll(() => person.me(), { timeout: 2_000 }).toBe(401)
  expect(await other.me()).toBe(200)
  expect((await other.ask('POST', '/api/v1/auth/sign-out', { refreshToken: other.refreshToken })).status).toBe(204)
  await expect.poll(() => other.me(), { timeout: 2_000 }).toBe(401)
})
