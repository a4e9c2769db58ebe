import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PeopleRig } from './support/people-rig.js'
import type { WorkspaceId } from '../src/contract/ids.js'
import type { Person } from './support/person.js'
import { sessionRow } from './support/session-row.js'

let rig: PeopleRig
let owner: Person

beforeAll(async () => {
  rig = await PeopleRig.open()
  owner = rig.owner
})
afterAll(() => rig[Symbol.asyncDispose]())

const change = (by: Person, of: Person, wanted: object) => by.asks('PATCH', `/api/v1/members/${of.userId}`, wanted)
const remove = (by: Person, of: Person) => by.asks('DELETE', `/api/v1/members/${of.userId}`)
const codeOf = async (answer: Promise<{ body: Record<string, unknown> }>) => (await answer).body['code']

/** A workspace of its own with an owner who is in no other. */
async function otherWorkspace(): Promise<Person> {
  const made = await owner.asks('POST', '/api/v1/workspaces', { name: 'Somebody else’s' })
  const workspaceId = String(made.body['workspaceId'])
  const founder = rig.stranger()
  Object.assign(founder, { email: owner.email, password: owner.password })
  expect((await founder.signIn({ workspaceId })).status).toBe(200)
  const theirs = await rig.join('owner', founder)
  expect((await remove(founder, founder)).status).toBe(204)
  return theirs
}

describe('roles', () => {
  test('a member sees who is there, without e-mails, and manages nobody', async () => {
    const [one, other] = [await rig.join(), await rig.join()]
    const { body } = await one.asks('GET', '/api/v1/members')
    const members = body['members'] as { userId: string; email: string | null }[]
    expect(members.find(({ userId }) => userId === one.userId)?.email).toBe(one.email)
    expect(members.find(({ userId }) => userId === other.userId)?.email).toBeNull()
    expect((await change(one, other, { role: 'admin' })).status).toBe(403)
    expect((await remove(one, other)).status).toBe(403)
    expect((await one.asks('POST', '/api/v1/invitations', { role: 'member' })).status).toBe(403)
    expect((await one.asks('GET', '/api/v1/invitations')).status).toBe(403)
    expect((await one.asks('POST', '/api/v1/workspaces', { name: 'Mine' })).status).toBe(403)
  })

  test('an admin manages members and admins, and makes or changes no owner', async () => {
    const [admin, other] = [await rig.join('admin'), await rig.join()]
    expect((await change(admin, other, { role: 'admin' })).body).toMatchObject({ role: 'admin', userId: other.userId })
    expect(await codeOf(change(admin, other, { role: 'owner' }))).toBe('forbidden')
    expect(await codeOf(change(admin, owner, { role: 'member' }))).toBe('forbidden')
    expect(await codeOf(remove(admin, await rig.join('owner')))).toBe('forbidden')
    expect(await codeOf(admin.asks('POST', '/api/v1/invitations', { role: 'owner' }))).toBe('forbidden')
  })

  test('holds at once where it is asked for, on the very next request', async () => {
    const admin = await rig.join('admin')
    expect((await admin.asks('GET', '/api/v1/invitations')).status).toBe(200)
    await change(owner, admin, { role: 'member' })
    await expect.poll(async () => (await admin.asks('GET', '/api/v1/invitations')).status).toBe(403)
    expect((await admin.asks('GET', '/api/v1/me')).body['role']).toBe('member')
  })
})

test('no key manages people, whatever it was made for: one that leaks makes no owner who stays', async () => {
  const [someone, other] = [await rig.join(), await rig.join('owner')]
  const keyOf = async (scopes: string[]) => {
    const { body } = await other.asks('POST', '/api/v1/api-keys', { name: 'key', scopes })
    return { authorization: `Bearer ${String(body['key'])}` }
  }
  const path = `/api/v1/members/${someone.userId}`
  const weak = await keyOf(['read', 'sessions', 'send'])
  const strong = await keyOf(['read', 'send', 'sessions', 'settings', 'admin'])
  expect((await other.ask('GET', '/api/v1/members', undefined, weak)).status).toBe(200)
  expect((await other.ask('GET', '/api/v1/invitations', undefined, weak)).status).toBe(403)
  expect((await other.ask('GET', '/api/v1/invitations', undefined, strong)).status).toBe(200)
  const before = await rig.rows.query('select id, role, suspended_at from app_users order by id')
  const invited = await other.asks('POST', '/api/v1/invitations', { role: 'member' })
  for (const key of [weak, strong])
    for (const [method, where, body] of [
      ['DELETE', path, undefined],
      ['DELETE', `/api/v1/members/${other.userId}`, undefined],
      ['PATCH', path, { role: 'owner' }],
      ['POST', '/api/v1/invitations', { role: 'owner' }],
      ['DELETE', `/api/v1/invitations/${String(invited.body['invitationId'])}`, undefined],
      ['POST', '/api/v1/workspaces', { name: 'Mine' }],
      ['PATCH', `/api/v1/workspaces/${other.workspaceId}`, { name: 'Mine' }],
      ['POST', '/api/v1/auth/sign-out-everywhere', {}],
    ] as const) {
      expect([where, (await other.ask(method, where, body, key)).status]).toEqual([where, 403])
    }
  expect(await rig.rows.query('select id, role, suspended_at from app_users order by id')).toEqual(before)
})

describe('a suspension', () => {
  test('ends access, refresh and sign-in at once, and all come back with its end', async () => {
    const person = await rig.join()
    expect(await person.me()).toBe(200)
    expect((await change(owner, person, { suspended: true })).body['suspended']).toBe(true)
    await expect.poll(() => person.me(), { timeout: 2_000 }).toBe(401)
    expect((await person.ask('POST', '/api/v1/auth/refresh', { refreshToken: person.refreshToken })).status).toBe(401)
    expect(await codeOf(person.signIn())).toBe('no_workspace')
    await change(owner, person, { suspended: false })
    expect((await person.signIn()).status).toBe(200)
  })

  test('is not for oneself, nor for the operator’s own place', async () => {
    const another = await rig.join('owner')
    expect(await codeOf(change(another, another, { suspended: true }))).toBe('member_kept')
    expect(await codeOf(change(another, owner, { suspended: true }))).toBe('member_kept')
    expect(await codeOf(remove(another, owner))).toBe('member_kept')
  })
})

describe('the last owner', () => {
  test('neither leaves nor becomes something else', async () => {
    const last = await otherWorkspace()
    expect(await codeOf(remove(last, last))).toBe('last_owner')
    expect(await codeOf(change(last, last, { role: 'admin' }))).toBe('last_owner')
    const second = await rig.join('owner', last)
    await change(last, second, { suspended: true })
    expect(await codeOf(change(last, last, { role: 'member' }))).toBe('last_owner')
    await change(last, second, { suspended: false })
    expect((await remove(last, last)).status).toBe(204)
    expect(await codeOf(remove(second, second))).toBe('last_owner')
  })

  test('of two that leave at once, one stays', async () => {
    for (let round = 0; round < 3; round++) {
      const one = await otherWorkspace()
      const other = await rig.join('owner', one)
      const answers = await Promise.all([remove(one, one), change(other, other, { role: 'member' })])
      expect(answers.filter(({ status }) => status < 300)).toHaveLength(1)
      expect(answers.find(({ status }) => status >= 300)?.body['code']).toBe('last_owner')
    }
  })
})

test('whoever is an owner no more has invited no owners', async () => {
  const former = await rig.join('owner')
  const token = await rig.invitation('owner', { by: former })
  expect((await change(owner, former, { role: 'admin' })).status).toBe(200)
  expect(await codeOf(rig.stranger().accept(token))).toBe('link_over')
})

test('who founded a workspace can be kept out of it by another owner, who then owns what nobody does', async () => {
  const made = await owner.asks('POST', '/api/v1/workspaces', { name: 'Founded' })
  const founder = rig.stranger(owner.email)
  founder.password = owner.password
  await founder.signIn({ workspaceId: String(made.body['workspaceId']) })
  const second = await rig.join('owner', founder)
  expect((await change(second, founder, { suspended: true })).body).toMatchObject({ suspended: true, isDefault: false })
  const { body } = await second.asks('GET', '/api/v1/members')
  const byDefault = (body['members'] as { userId: string; isDefault: boolean }[]).filter(({ isDefault }) => isDefault)
  expect(byDefault.map(({ userId }) => userId)).toEqual([second.userId])
})

describe('whoever is removed', () => {
  test('is out at once, keeps their login, and may come back by another invitation', async () => {
    const person = await rig.join()
    expect((await remove(owner, person)).status).toBe(204)
    await expect.poll(() => person.me(), { timeout: 2_000 }).toBe(401)
    expect(await codeOf(person.signIn())).toBe('no_workspace')
    expect((await person.accept(await rig.invitation('admin'))).body['role']).toBe('admin')
  })

  test('may be oneself', async () => {
    const person = await rig.join()
    expect((await remove(person, person)).status).toBe(204)
    await expect.poll(() => person.me()).toBe(401)
  })

  test('takes along the invitations that nobody has accepted', async () => {
    const admin = await rig.join('admin')
    const [early, late] = [await rig.invitation('member', { by: admin }), await rig.invitation('member', { by: admin })]
    expect((await rig.stranger().accept(early)).status).toBe(200)
    await remove(owner, admin)
    expect(await codeOf(rig.stranger().accept(late))).toBe('link_over')
  })
})

describe('workspaces', () => {
  test('are apart: another’s members, invitations and name are as if they were not', async () => {
    const theirs = await otherWorkspace()
    const invited = await owner.asks('POST', '/api/v1/invitations', { role: 'member' })
    const answers = [
      await change(theirs, owner, { role: 'member' }),
      await remove(theirs, owner),
      await theirs.asks('DELETE', `/api/v1/invitations/${String(invited.body['invitationId'])}`),
      await theirs.asks('PATCH', `/api/v1/workspaces/${owner.workspaceId}`, { name: 'Taken' }),
      await theirs.asks('PATCH', '/api/v1/members/no-uuid', { role: 'member' }),
      await theirs.asks('DELETE', '/api/v1/invitations/no-uuid'),
    ]
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404, 404])
    const { body } = await theirs.asks('GET', '/api/v1/members')
    expect((body['members'] as unknown[]).length).toBe(1)
    // only those who manage the operator's workspace make more of them
    expect((await theirs.asks('POST', '/api/v1/workspaces', { name: 'More' })).status).toBe(403)
  })

  test('are listed for their people, named by their managers', async () => {
    const theirs = await otherWorkspace()
    await theirs.asks('PATCH', `/api/v1/workspaces/${theirs.workspaceId}`, { name: 'Renamed' })
    const listed = await theirs.asks('GET', '/api/v1/workspaces')
    expect(listed.body['workspaces']).toEqual([
      { workspaceId: theirs.workspaceId, name: 'Renamed', role: 'owner', suspended: false },
    ])
    const both = rig.stranger(theirs.email)
    both.password = theirs.password
    expect((await both.accept(await rig.invitation())).status).toBe(200)
    expect((await both.asks('GET', '/api/v1/workspaces')).body['workspaces']).toHaveLength(2)
    expect((await both.signIn()).body['workspaceId']).toBe(theirs.workspaceId)
    expect((await both.signIn({ workspaceId: owner.workspaceId })).body['workspaceId']).toBe(owner.workspaceId)
  })

  test('the operator’s programs see and manage people, too', async () => {
    const { status, body } = await rig.service.ask('GET', '/api/v1/members')
    expect(status).toBe(200)
    expect((body['members'] as { isDefault: boolean }[]).some(({ isDefault }) => isDefault)).toBe(true)
    expect((await rig.service.ask('POST', '/api/v1/invitations', { role: 'owner' })).status).toBe(200)
    expect((await rig.service.ask('GET', '/api/v1/me')).body).toMatchObject({ kind: 'service', role: 'owner' })
    expect((await rig.service.ask('POST', '/api/v1/auth/password', { old: 'a', new: 'b' })).status).toBe(403)
  })
})

describe('sessions of whoever goes', () => {
  const ownerOf = async (sessionId: string) => {
    const [row] = await rig.rows.query<{ owner_id: string; visibility: string }>(
      'select owner_id, visibility from sessions where id = $1',
      [sessionId],
    )
    return row
  }
  /** One of theirs that they show to everybody. */
  const sessionOf = async ({ userId, workspaceId }: Person) => {
    const sessionId = await sessionRow(rig.rows, workspaceId as WorkspaceId, { state: 'disconnected', nodeId: null })
    await rig.rows.query('alter table sessions disable trigger sessions_keep_owner')
    await rig.rows.query(`update sessions set owner_id = $1, visibility = 'workspace' where id = $2`, [
      userId,
      sessionId,
    ])
    await rig.rows.query('alter table sessions enable trigger sessions_keep_owner')
    return sessionId
  }

  test('keep them from leaving by themselves, and stay with the workspace when others remove them', async () => {
    const person = await rig.join()
    const admin = await rig.join('admin')
    const sessionId = await sessionOf(person)
    expect(await codeOf(remove(person, person))).toBe('member_kept')
    expect(await person.me()).toBe(200)
    expect((await remove(admin, person)).status).toBe(204)
    expect(await ownerOf(sessionId)).toEqual({ owner_id: owner.userId, visibility: 'private' })
    const { body } = await owner.asks('GET', `/api/v1/audit?action=session.owner_changed&target=${sessionId}`)
    expect(body['entries']).toMatchObject([
      { by: 'user', userId: admin.userId, target: sessionId, detail: { userId: person.userId } },
    ])
  })

  test('keep them also while they are being linked, and not any more when that has ended', async () => {
    const person = await rig.join()
    const begun = await person.asks('POST', '/api/v1/sessions', { name: 'Shop' })
    expect(begun.body).toMatchObject({ state: 'linking' })
    const attempts = () => rig.rows.query('select from link_attempts where owner_id = $1', [person.userId])
    expect(await codeOf(remove(person, person))).toBe('member_kept')
    expect(await attempts()).toHaveLength(1)
    const path = `/api/v1/sessions/${String(begun.body['sessionId'])}`
    expect((await person.asks('DELETE', path)).status).toBe(200)
    await expect.poll(async () => (await remove(person, person)).status).toBe(204)
    expect(await attempts()).toEqual([])
  })
})
