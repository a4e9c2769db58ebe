import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApp, type App } from '../src/backend/app.js'
import { createLog } from '../src/backend/log.js'
import { PeopleRig } from './support/people-rig.js'
import { Person } from './support/person.js'

let rig: PeopleRig
let otherNode: App
let otherUrl = ''

beforeAll(async () => {
  rig = await PeopleRig.open()
  const log = createLog({ level: 'silent' })
  otherNode = await createApp(rig.gateway.config, { log, pages: (_request, _response, next) => next() })
  otherUrl = `http://127.0.0.1:${await otherNode.start()}`
})

afterAll(async () => {
  await otherNode[Symbol.asyncDispose]()
  await rig[Symbol.asyncDispose]()
})

/** The same person with the same tokens, asking the other node. */
function there(person: Person): Person {
  return Object.assign(new Person(otherUrl, person.email, person.password), {
    accessToken: person.accessToken,
    refreshToken: person.refreshToken,
  })
}

/** Sooner than what a node remembers would have grown old by itself. */
const soon = { timeout: 3_000, interval: 50 }

test('a token of one node is good on the other, and one refresh on both at once has one successor', async () => {
  const here = await rig.join()
  const other = there(here)
  expect(await other.me()).toBe(200)
  const answers = await Promise.all([here.refresh(), other.refresh()])
  expect(answers.map(({ status }) => status)).toEqual([200, 200])
  expect(here.refreshToken).toBe(other.refreshToken)
})

test.each<[string, (person: Person) => Promise<unknown>]>([
  ['suspension', ({ userId }) => rig.owner.asks('PATCH', `/api/v1/members/${userId}`, { suspended: true })],
  ['removal', ({ userId }) => rig.owner.asks('DELETE', `/api/v1/members/${userId}`)],
  ['sign-out', person => person.asks('POST', '/api/v1/auth/sign-out', {})],
  ['sign-out everywhere', person => person.asks('POST', '/api/v1/auth/sign-out-everywhere', {})],
  [
    'new password',
    person => person.asks('POST', '/api/v1/auth/password', { old: person.password, new: 'lantern over the river' }),
  ],
])('a %s on one node ends access on the other', async (_, end) => {
  const person = await rig.join()
  const other = there(person)
  expect(await other.me()).toBe(200)
  await end(person)
  await expect.poll(() => other.me(), soon).toBe(401)
})

test('guesses are counted over both nodes', async () => {
  await rig.rows.query('delete from sign_in_cool_downs')
  const person = await rig.join()
  const other = there(person)
  person.password = other.password = 'a wrong one, and again'
  const answers = await Promise.all(Array.from({ length: 5 }, () => [person.signIn(), other.signIn()]).flat())
  expect(answers.filter(({ status }) => status === 401)).toHaveLength(5)
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(5)
})
