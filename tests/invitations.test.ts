import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PeopleRig } from './support/people-rig.js'
import { Person, tokenOf } from './support/person.js'
import { Rows } from './support/rows.js'
import { TestGateway } from './support/test-gateway.js'

let rig: PeopleRig

beforeAll(async () => (rig = await PeopleRig.open()))
afterAll(() => rig[Symbol.asyncDispose]())

const infoOf = (token: string) => rig.owner.ask('POST', '/api/v1/auth/claim-info', { token })

describe('an invitation', () => {
  test('tells what it is for, makes a login, and is used up', async () => {
    const { body } = await rig.owner.asks('POST', '/api/v1/invitations', { role: 'admin' })
    expect(body).toMatchObject({ role: 'admin', email: null, state: 'open' })
    expect(body['link']).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/claim#whiz_invite_[\w-]{43}$/)
    const token = tokenOf(String(body['link']))
    expect((await infoOf(token)).body).toMatchObject({ kind: 'invitation', workspace: 'Operator', role: 'admin' })
    const guest = rig.stranger()
    const { status, body: signedIn } = await guest.accept(token, { name: 'Ada' })
    expect(status).toBe(200)
    expect(signedIn).toMatchObject({ role: 'admin', workspaceId: rig.owner.workspaceId })
    expect((await guest.asks('GET', '/api/v1/me')).body).toMatchObject({ user: { name: 'Ada', email: guest.email } })
    expect((await infoOf(token)).body['code']).toBe('link_over')
    expect((await rig.stranger().accept(token)).body['code']).toBe('link_over')
    const listed = await rig.owner.asks('GET', '/api/v1/invitations')
    expect(JSON.stringify(listed.body)).not.toContain('whiz_invite_')
    expect((listed.body['invitations'] as { state: string }[])[0]?.state).toBe('accepted')
  })

  test('goes to one of those who accept at once', async () => {
    const token = await rig.invitation()
    const guests = Array.from({ length: 4 }, () => rig.stranger())
    const answers = await Promise.all(guests.map(guest => guest.accept(token)))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 404, 404, 404])
    const [{ count } = { count: 0 }] = await rig.rows.query<{ count: number }>(
      'select count(*)::int as count from logins where email = any($1)',
      [guests.map(({ email }) => email)],
    )
    expect(count).toBe(1)
  })

  test('with the e-mail of a login needs that login’s password', async () => {
    const member = await rig.join()
    const token = await rig.invitation()
    const thief = rig.stranger(member.email)
    expect((await thief.accept(token)).body['code']).toBe('wrong_credentials')
    expect((await member.accept(token)).body['code']).toBe('already_member')
    expect((await infoOf(token)).status).toBe(200)
  })

  test('does not tell by a bad password which e-mails have a login', async () => {
    const token = await rig.invitation()
    const [known, unknown] = [rig.stranger((await rig.join()).email), rig.stranger()]
    for (const guest of [known, unknown]) guest.password = 'short'
    expect((await known.accept(token)).body).toEqual((await unknown.accept(token)).body)
  })

  test('does not open a suspended place', async () => {
    const member = await rig.join()
    await rig.owner.asks('PATCH', `/api/v1/members/${member.userId}`, { suspended: true })
    expect((await member.accept(await rig.invitation('owner'))).body['code']).toBe('already_member')
  })

  test('for one address is for no other', async () => {
    const email = 'only.me@example.com'
    const token = await rig.invitation('member', { email })
    expect((await infoOf(token)).body['email']).toBe(email)
    expect((await rig.stranger().accept(token)).body['code']).toBe('wrong_credentials')
    expect((await rig.stranger(email).accept(token)).status).toBe(200)
  })

  test('is over when it is withdrawn, and after a week', async () => {
    const { body } = await rig.owner.asks('POST', '/api/v1/invitations', { role: 'member' })
    const path = `/api/v1/invitations/${String(body['invitationId'])}`
    expect((await rig.owner.asks('DELETE', path)).status).toBe(204)
    expect((await rig.owner.asks('DELETE', path)).body['code']).toBe('invitation_not_found')
    expect((await rig.stranger().accept(tokenOf(String(body['link'])))).body['code']).toBe('link_over')
    const late = await rig.invitation()
    await rig.rows.query(`update invitations set expires_at = clock_timestamp() where expires_at > clock_timestamp()`)
    expect((await rig.stranger().accept(late)).body['code']).toBe('link_over')
  })

  test('takes no password that is guessed at once, and is still good afterwards', async () => {
    const token = await rig.invitation()
    const guest = rig.stranger('margaret@example.com')
    for (const weak of ['short', 'aaaaaaaaaaaaaa', 'abcdefghijklmn', 'Password123', 'margaret1999']) {
      guest.password = weak
      const { status, body } = await guest.accept(token)
      expect([status, body['code']]).toEqual([400, 'weak_password'])
    }
    guest.password = 'teapot under the moon'
    expect((await guest.accept(token)).status).toBe(200)
  })
})

describe('the first owner', () => {
  test('claims the operator’s place with a link that is made once and used once', async () => {
    await using gateway = await TestGateway.start()
    // where nobody sees what is printed there is none, and the first who sees it has it
    expect(await gateway.firstOwnerLink(false)).toBeNull()
    const link = await gateway.firstOwnerLink()
    expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/claim#whiz_owner_[\w-]{43}$/)
    expect(await gateway.firstOwnerLink()).toBeNull()
    const people = Array.from(
      { length: 3 },
      (_, i) => new Person(gateway.url, `o${i}@example.com`, 'teapot under moon'),
    )
    const answers = await Promise.all(people.map(person => person.claim(tokenOf(link ?? ''))))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 404, 404])
    const first = people.find(({ accessToken }) => accessToken !== '')
    const members = await first?.asks('GET', '/api/v1/members')
    expect(members?.body['members']).toMatchObject([{ userId: first?.userId, role: 'owner', isDefault: true }])
    expect(gateway.logLines.join('')).not.toContain('whiz_owner_')
    expect(await gateway.firstOwnerLink()).toBeNull()
  })

  test('does so within a day, and with the right link alone', async () => {
    await using gateway = await TestGateway.start()
    const token = tokenOf((await gateway.firstOwnerLink()) ?? '')
    const person = new Person(gateway.url, 'late@example.com', 'teapot under moon')
    expect((await person.claim(`whiz_owner_${'A'.repeat(43)}`)).body['code']).toBe('link_over')
    expect((await person.accept(token)).body['code']).toBe('link_over')
    await using rows = new Rows(gateway.database.ownerUrl)
    await rows.query(
      `update meta set value = jsonb_set(value::jsonb, '{expiresAt}', to_jsonb(clock_timestamp()))::text where key = 'owner_link'`,
    )
    expect((await person.claim(token)).body['code']).toBe('link_over')
  })
})
