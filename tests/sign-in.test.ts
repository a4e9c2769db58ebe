import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PeopleRig } from './support/people-rig.js'
import type { Person } from './support/person.js'

let rig: PeopleRig
let owner: Person

beforeAll(async () => {
  rig = await PeopleRig.open()
  owner = rig.owner
})
afterAll(() => rig[Symbol.asyncDispose]())

const forgetTries = () => rig.rows.query('delete from sign_in_cool_downs')

describe('signing in', () => {
  test('gives an access token of a quarter of an hour, and tells who that is', async () => {
    const person = await rig.join()
    const { status, body, headers } = await person.signIn()
    expect(status).toBe(200)
    expect(body).toMatchObject({ tokenType: 'Bearer', expiresIn: 900, role: 'member', workspaceId: owner.workspaceId })
    expect(headers.get('cache-control')).toBe('no-store')
    const me = await person.asks('GET', '/api/v1/me')
    expect(me.body).toMatchObject({
      kind: 'user',
      role: 'member',
      user: { userId: person.userId, email: person.email, secondFactor: false },
      workspace: { workspaceId: owner.workspaceId },
    })
  })

  test('is told the same for an unknown e-mail and for a wrong password', async () => {
    const person = await rig.join()
    const unknown = await rig.stranger().signIn()
    person.password = 'not the one it has'
    const wrong = await person.signIn()
    expect(unknown.status).toBe(401)
    expect(unknown.body['code']).toBe('wrong_credentials')
    expect(wrong).toMatchObject({ status: unknown.status, body: unknown.body })
  })

  test('takes an e-mail however its letters are written', async () => {
    const person = await rig.join()
    const { status } = await person.ask('POST', '/api/v1/auth/sign-in', {
      email: ` ${person.email.toUpperCase()} `,
      password: person.password,
    })
    expect(status).toBe(200)
  })

  test('is refused after five wrong passwords, also with the right one, and the same for a login that is not', async () => {
    await forgetTries()
    const person = await rig.join()
    const right = person.password
    person.password = 'a wrong one, and again'
    for (let i = 0; i < 5; i++) expect((await person.signIn()).status).toBe(401)
    person.password = right
    const refused = await person.signIn()
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50)
    const stranger = rig.stranger()
    for (let i = 0; i < 5; i++) expect((await stranger.signIn()).status).toBe(401)
    expect((await stranger.signIn()).body).toEqual(refused.body)
    await forgetTries()
    expect((await person.signIn()).status).toBe(200)
  })

  test('twenty guesses at once get no further than five', async () => {
    await forgetTries()
    const person = await rig.join()
    person.password = 'a wrong one, and again'
    const answers = await Promise.all(Array.from({ length: 20 }, () => person.signIn()))
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(5)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(15)
    await forgetTries()
  })

  test('by one address is refused after thirty wrong passwords of any logins, until it has waited', async () => {
    await forgetTries()
    for (let i = 0; i < 30; i++) expect((await rig.stranger().signIn()).status).toBe(401)
    expect((await rig.stranger().signIn()).status).toBe(429)
    await forgetTries()
  })

  test('leaves neither the e-mail nor a secret in the log', async () => {
    const person = await rig.join()
    await person.signIn()
    await person.refresh()
    const log = rig.gateway.logLines.join('')
    for (const secret of [person.email, person.password, person.accessToken, person.refreshToken]) {
      expect(log).not.toContain(secret)
    }
    expect(log).not.toContain('whiz_invite_')
  })
})
