import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MemberLine } from './support/member-line.js'
import { Operator } from './support/operator.js'
import { PeopleRig } from './support/people-rig.js'
import type { Person } from './support/person.js'
import { SecondNode } from './support/second-node.js'

let people: PeopleRig
let other: SecondNode

beforeAll(async () => {
  people = await PeopleRig.open()
  other = await SecondNode.start(people.gateway)
})
afterAll(async () => {
  await other[Symbol.asyncDispose]()
  await people[Symbol.asyncDispose]()
})

const asking = (token: string) => new Operator(people.gateway.url, token)

/** A line on each node, one by ticket and one by header. */
async function lines(token: string): Promise<MemberLine[]> {
  const opened = [
    await MemberLine.withTicket(asking(token)),
    new MemberLine(other.url, { headers: { authorization: `Bearer ${token}` } }),
  ]
  for (const line of opened) await line.subscribe()
  return opened
}

const codesOf = (opened: readonly MemberLine[]) => Promise.all(opened.map(line => line.closed))

/** What whoever has this token is answered by now. */
async function isOut(token: string): Promise<void> {
  const { status } = await asking(token).ask('POST', '/api/v1/ws-tickets', {})
  expect(status).toBe(401)
  expect(await new MemberLine(other.url, { headers: { authorization: `Bearer ${token}` } }).status).toBe(401)
}

describe('an open socket of a person is closed on every node', () => {
  const ends: [string, (person: Person) => Promise<{ status: number }>][] = [
    ['who signs out', person => person.asks('POST', '/api/v1/auth/sign-out', {})],
    ['who signs out everywhere', person => person.asks('POST', '/api/v1/auth/sign-out-everywhere', {})],
    ['who is suspended', person => people.owner.asks('PATCH', `/api/v1/members/${person.userId}`, { suspended: true })],
    ['who is removed', person => people.owner.asks('DELETE', `/api/v1/members/${person.userId}`)],
  ]

  test.each(ends)('%s', async (_, end) => {
    const person = await people.join()
    const opened = await lines(person.accessToken)
    const { status } = await end(person)
    expect(status).toBeLessThan(300)
    expect(await codesOf(opened)).toEqual([4401, 4401])
    await isOut(person.accessToken)
  })

  test('and nobody else’s', async () => {
    const [leaves, stays] = [await people.join(), await people.join()]
    const opened = await lines(stays.accessToken)
    const ending = await lines(leaves.accessToken)
    await leaves.asks('POST', '/api/v1/auth/sign-out-everywhere', {})
    await codesOf(ending)
    for (const line of opened) {
      line.ask('ping')
      await line.waitForEvent('pong')
      await line.close()
    }
  })

  test('who is given another role listens on', async () => {
    const [person, leaves] = [await people.join('admin'), await people.join()]
    const [opened, ending] = [await lines(person.accessToken), await lines(leaves.accessToken)]
    await people.owner.asks('PATCH', `/api/v1/members/${person.userId}`, { role: 'member' })
    // what comes later has come to both nodes, so that the change of the role has
    await people.owner.asks('DELETE', `/api/v1/members/${leaves.userId}`)
    expect(await codesOf(ending)).toEqual([4401, 4401])
    for (const line of opened) {
      line.ask('ping')
      await line.waitForEvent('pong')
    }
    await people.owner.asks('PATCH', `/api/v1/members/${person.userId}`, { suspended: true })
    expect(await codesOf(opened)).toEqual([4401, 4401])
  })
})

test('a ticket got before its owner was signed out opens nothing afterwards', async () => {
  const person = await people.join()
  const { body } = await asking(person.accessToken).ask('POST', '/api/v1/ws-tickets', {})
  await person.asks('POST', '/api/v1/auth/sign-out-everywhere', {})
  expect(await new MemberLine(other.url, { query: `?token=${String(body['ticket'])}` }).status).toBe(401)
})
