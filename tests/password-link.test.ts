import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CliProcess } from './support/cli-process.js'
import { PeopleRig } from './support/people-rig.js'
import { tokenOf, type Person } from './support/person.js'

let rig: PeopleRig

beforeAll(async () => (rig = await PeopleRig.open()))
afterAll(() => rig[Symbol.asyncDispose]())

async function command(words: readonly string[], piped?: string) {
  const options = { env: rig.gateway.env, ...(piped !== undefined && { piped }) }
  await using cli = new CliProcess(['users', ...words], options)
  const code = await cli.exited
  return { code, output: cli.output, errors: cli.errors }
}

async function linkFor(person: Person, ...more: string[]): Promise<string> {
  const { code, output, errors } = await command(['password-link', person.email, ...more])
  expect({ code, errors }).toMatchObject({ code: 0 })
  return tokenOf(output)
}

const take = (person: Person, token: string, password: string) =>
  person.ask('POST', '/api/v1/auth/new-password', { token, password })

const infoOf = (token: string) => rig.stranger().ask('POST', '/api/v1/auth/claim-info', { token })
const fresh = () => `${randomBytes(9).toString('base64url')} barn`

const audited = async (action: string) =>
  (await rig.owner.asks('GET', `/api/v1/audit?action=${action}`)).body['entries'] as Record<string, unknown>[]

describe('a link for a new password', () => {
  test('is printed once, alone, puts the password of its holder in place of the lost one, and ends every sign-in', async () => {
    const person = await rig.join()
    const lost = person.password
    const before = await linkFor(person)
    const { code, output, errors } = await command(['password-link', '-'], `${person.email.toUpperCase()}\n`)
    expect(code).toBe(0)
    expect(output).toMatch(/^http:\/\/\S+\/claim#whiz_password_[\w-]{43}$/)
    expect(errors).toContain('good for one hour')
    const token = tokenOf(output)
    expect((await infoOf(token)).body).toEqual({
      kind: 'password',
      email: person.email,
      dropsSecondFactor: false,
      expiresAt: expect.any(String),
    })
    expect((await infoOf(before)).body['code']).toBe('link_over')

    person.password = fresh()
    expect((await take(person, token, 'short')).body).toMatchObject({ code: 'weak_password' })
    expect(await take(person, token, person.password)).toMatchObject({ status: 204 })
    await expect.poll(() => person.me(), { timeout: 2_000 }).toBe(401)
    expect((await person.refresh()).body['code']).toBe('refresh_refused')
    expect((await take(person, token, fresh())).body['code']).toBe('link_over')
    expect((await person.signIn()).status).toBe(200)
    person.password = lost
    expect((await person.signIn()).body['code']).toBe('wrong_credentials')
    expect(await audited('auth.password_reset')).toContainEqual(
      expect.objectContaining({ userId: person.userId, target: person.userId, detail: { count: 1 } }),
    )
    expect(await audited('auth.password_link')).toContainEqual(
      expect.objectContaining({ by: 'operator', target: person.userId }),
    )
    expect(rig.gateway.logLines.join('')).not.toContain('whiz_password_')
    const rows = await rig.rows.query<{ text: string }>('select l::text as text from logins l')
    expect(JSON.stringify(rows)).not.toContain(token)
  })

  test('is used once, however many try at the same moment', async () => {
    const person = await rig.join()
    const token = await linkFor(person)
    const answers = await Promise.all(Array.from({ length: 4 }, () => take(person, token, fresh())))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([204, 404, 404, 404])
  })

  test('is over after an hour, and with the next password that its person chooses', async () => {
    const [late, careful] = [await rig.join(), await rig.join()]
    const token = await linkFor(late)
    await rig.rows.query(`update logins set password_link_until = clock_timestamp() where id = $1`, [late.userId])
    expect((await infoOf(token)).body['code']).toBe('link_over')
    expect((await take(late, token, fresh())).body['code']).toBe('link_over')

    const other = await linkFor(careful)
    const changed = await careful.asks('POST', '/api/v1/auth/password', { old: careful.password, new: fresh() })
    expect(changed.status).toBe(200)
    expect((await infoOf(other)).body['code']).toBe('link_over')
  })

  test('leaves a second factor as it is, unless the operator says otherwise', async () => {
    const person = await rig.join()
    await rig.rows.query(
      `update logins set totp_secret = '\\x00', totp_confirmed_at = now(), recovery_hashes = '{"\\\\x00"}' where id = $1`,
      [person.userId],
    )
    person.password = fresh()
    expect((await take(person, await linkFor(person), person.password)).status).toBe(204)
    expect((await person.signIn()).body['code']).toBe('second_factor_required')
    person.password = fresh()
    const token = await linkFor(person, '--without-second-factor')
    expect((await infoOf(token)).body['dropsSecondFactor']).toBe(true)
    expect((await take(person, token, person.password)).status).toBe(204)
    expect((await person.signIn()).status).toBe(200)
    expect(await audited('auth.totp_removed')).toContainEqual(expect.objectContaining({ target: person.userId }))
  })

  test('gives no place, and is no invitation', async () => {
    const person = await rig.join()
    const token = await linkFor(person)
    expect((await rig.stranger().accept(token)).body['code']).toBe('link_over')
    expect((await rig.stranger().claim(token)).body['code']).toBe('link_over')
    expect((await take(person, await rig.invitation(), fresh())).body['code']).toBe('link_over')
  })

  test('works for a login that has no place in any workspace', async () => {
    const person = await rig.join()
    expect((await rig.owner.asks('DELETE', `/api/v1/members/${person.userId}`)).status).toBe(204)
    const token = await linkFor(person)
    expect((await take(person, token, fresh())).status).toBe(204)
    expect(await audited('auth.password_link')).toContainEqual(expect.objectContaining({ target: person.userId }))
  })

  test('is made for nobody who has no login', async () => {
    for (const who of ['nobody@example.com', randomUUID(), 'x']) {
      expect(await command(['password-link', who])).toMatchObject({ code: 1, output: '' })
    }
  })
})

test('whizlite users list tells who can sign in, and where', async () => {
  const person = await rig.join('admin')
  const { code, output } = await command(['list'])
  expect(code).toBe(0)
  expect(output).toContain(`${person.email}  ${person.userId}\n  admin of Operator, as Guest`)
  const told = JSON.parse((await command(['list', '--json'])).output) as Record<string, unknown>[]
  expect(told).toContainEqual({
    userId: person.userId,
    email: person.email,
    secondFactor: false,
    places: [
      { workspaceId: rig.owner.workspaceId, workspace: 'Operator', name: 'Guest', role: 'admin', suspended: false },
    ],
  })
})
