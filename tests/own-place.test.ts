import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PeopleRig } from './support/people-rig.js'
import type { Person } from './support/person.js'

let rig: PeopleRig

beforeAll(async () => (rig = await PeopleRig.open()))
afterAll(() => rig[Symbol.asyncDispose]())

/** A workspace of their own besides the one they joined. */
async function workspaceOf(person: Person, name = 'Shop'): Promise<string> {
  const { status, body } = await person.asks('POST', '/api/v1/workspaces', { name })
  expect(status).toBe(200)
  return String(body['workspaceId'])
}

const switchTo = (person: Person, workspaceId: string) =>
  person.asks('POST', '/api/v1/auth/switch-workspace', { workspaceId })

const where = async (person: Person) =>
  ((await person.asks('GET', '/api/v1/me')).body['workspace'] as { workspaceId: string }).workspaceId

async function elsewhere({ email, password }: Person): Promise<Person> {
  const again = rig.stranger(email)
  again.password = password
  expect((await again.signIn()).status).toBe(200)
  return again
}

describe('another of one’s workspaces', () => {
  test('is gone on in without a new sign-in, with the role one has there, also after a refresh', async () => {
    const person = await rig.join('admin')
    const workspaceId = await workspaceOf(person)
    const before = person.accessToken
    const answer = await switchTo(person, workspaceId)
    expect(answer.body).toMatchObject({ workspaceId, userId: person.userId, role: 'owner', tokenType: 'Bearer' })
    person.keep(answer)
    expect(await where(person)).toBe(workspaceId)
    expect((await person.refresh()).body).toMatchObject({ workspaceId, role: 'owner' })
    const { body } = await person.asks('GET', '/api/v1/audit?action=auth.switched')
    expect(body['entries']).toEqual([expect.objectContaining({ userId: person.userId })])
    // the access token that asked is still its own workspace's
    person.accessToken = before
    expect(await where(person)).toBe(rig.owner.workspaceId)
  })

  test('is none without a place there, nor with a suspended one', async () => {
    const [person, other] = [await rig.join('admin'), await rig.join('admin')]
    const foreign = await workspaceOf(other)
    const refused = await switchTo(person, foreign)
    expect(refused).toMatchObject({ status: 403, body: { code: 'no_workspace' } })
    expect((await switchTo(person, randomUUID())).body).toEqual(refused.body)
    const own = await workspaceOf(person)
    await rig.rows.query('update app_users set suspended_at = now() where workspace_id = $1', [own])
    expect((await switchTo(person, own)).body).toEqual(refused.body)
  })

  test('is not reached with an access token that has ended, also where that is not known yet', async () => {
    const person = await rig.join('admin')
    const workspaceId = await workspaceOf(person)
    // nobody is woken, as where the notice is late
    await rig.rows.query('update logins set version = version + 1 where id = $1', [person.userId])
    expect((await switchTo(person, workspaceId)).body['code']).toBe('unauthenticated')
    const signedOut = await rig.join('admin')
    const other = await workspaceOf(signedOut)
    await rig.rows.query('update refresh_families set revoked_at = now() where login_id = $1', [signedOut.userId])
    expect((await switchTo(signedOut, other)).body['code']).toBe('unauthenticated')
  })

  test('is for people: a key has its own', async () => {
    expect((await rig.service.ask('POST', '/api/v1/auth/switch-workspace', { workspaceId: randomUUID() })).status).toBe(
      403,
    )
  })
})

describe('one’s e-mail', () => {
  const change = (person: Person, email: string, password = person.password) =>
    person.asks('POST', '/api/v1/auth/email', { email, password })

  test('is changed with the password, in every workspace, and ends the other sign-ins', async () => {
    const person = await rig.join('admin')
    const workspaceId = await workspaceOf(person)
    const other = await elsewhere(person)
    const email = 'Ada.Lovelace@Example.com'
    const answer = await change(person, email)
    expect(answer.status).toBe(200)
    await expect.poll(() => other.me(), { timeout: 2_000 }).toBe(401)
    person.keep(answer)
    expect(await person.me()).toBe(200)
    const rows = await rig.rows.query('select workspace_id, email from app_users where id = $1 order by email', [
      person.userId,
    ])
    expect(rows).toHaveLength(2)
    expect(rows).toEqual(
      expect.arrayContaining(
        [workspaceId, rig.owner.workspaceId].map(id => ({ workspace_id: id, email: 'ada.lovelace@example.com' })),
      ),
    )
    expect((await person.signIn()).body['code']).toBe('wrong_credentials')
    const renamed = rig.stranger(email)
    renamed.password = person.password
    expect((await renamed.signIn()).body).toMatchObject({ userId: person.userId })
  })

  test('needs the password, and is nobody else’s', async () => {
    const [person, other] = [await rig.join(), await rig.join()]
    expect((await change(person, 'mine@example.com', 'a wrong one')).body['code']).toBe('wrong_credentials')
    expect((await change(person, other.email)).body['code']).toBe('email_taken')
    expect((await change(person, 'no address')).body['code']).toBe('validation_failed')
    expect((await person.asks('GET', '/api/v1/me')).body).toMatchObject({ user: { email: person.email } })
    const rows = await rig.rows.query('select from app_users where email = $1', [other.email])
    expect(rows).toHaveLength(1)
  })

  test('tells but a few times that others are taken', async () => {
    const [person, other] = [await rig.join(), await rig.join()]
    const codes: unknown[] = []
    for (let i = 0; i < 6; i++) codes.push((await change(person, other.email)).body['code'])
    expect(codes).toEqual([...Array.from({ length: 5 }, () => 'email_taken'), 'too_many_attempts'])
  })
})

test('what one is called is changed in this workspace alone', async () => {
  const person = await rig.join('admin')
  const workspaceId = await workspaceOf(person)
  const { status, body } = await person.asks('PATCH', '/api/v1/me', { name: '  Ada Lovelace ' })
  expect(status).toBe(200)
  expect(body).toMatchObject({ kind: 'user', user: { name: 'Ada Lovelace' } })
  const rows = await rig.rows.query('select workspace_id, name from app_users where id = $1', [person.userId])
  expect(rows).toEqual(
    expect.arrayContaining([
      { workspace_id: workspaceId, name: 'Guest' },
      { workspace_id: rig.owner.workspaceId, name: 'Ada Lovelace' },
    ]),
  )
  expect((await person.asks('PATCH', '/api/v1/me', { name: '' })).status).toBe(400)
  expect((await rig.service.ask('PATCH', '/api/v1/me', { name: 'Robot' })).status).toBe(403)
})
