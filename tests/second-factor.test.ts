import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PeopleRig } from './support/people-rig.js'
import type { Person } from './support/person.js'
import { find, sought } from './support/secret-search.js'

let rig: PeopleRig

beforeAll(async () => (rig = await PeopleRig.open()))
afterAll(() => rig[Symbol.asyncDispose]())

/** An authenticator, set by the address that a QR would hold. @param steps away from the present one */
const codeOf = (secret: string, steps = 0) =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + steps * 30_000 })

async function withSecondFactor(): Promise<{ person: Person; secret: string; recoveryCodes: string[] }> {
  const person = await rig.join()
  const begun = await person.asks('POST', '/api/v1/auth/totp/begin', { password: person.password })
  expect(begun.body['uri']).toContain('otpauth://totp/WHIZ%20LITE')
  const secret = String(begun.body['secret'])
  const confirmed = await person.asks('POST', '/api/v1/auth/totp/confirm', { code: codeOf(secret, -1) })
  expect(confirmed.status).toBe(200)
  person.keep(confirmed)
  return { person, secret, recoveryCodes: confirmed.body['recoveryCodes'] as string[] }
}

test('counts once a code was shown, and is asked for at every sign-in from then on', async () => {
  const { person, secret } = await withSecondFactor()
  expect((await person.signIn()).body['code']).toBe('second_factor_required')
  expect((await person.signIn({ code: '000000' })).body['code']).toBe('second_factor_wrong')
  expect((await person.signIn({ code: codeOf(secret) })).status).toBe(200)
})

test('one that was only begun is not asked for', async () => {
  const person = await rig.join()
  await person.asks('POST', '/api/v1/auth/totp/begin', { password: person.password })
  expect((await person.asks('POST', '/api/v1/auth/totp/confirm', { code: '000000' })).status).toBe(401)
  expect((await person.signIn()).status).toBe(200)
})

test('a code is good once, also for two at the same moment', async () => {
  const { person, secret } = await withSecondFactor()
  const code = codeOf(secret)
  const answers = await Promise.all([person.signIn({ code }), person.signIn({ code })])
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401])
  expect((await person.signIn({ code })).body['code']).toBe('second_factor_wrong')
  // the step of the code that confirmed it lies before
  expect((await person.signIn({ code: codeOf(secret, -1) })).body['code']).toBe('second_factor_wrong')
})

test('a recovery code stands for it once, however it is written', async () => {
  const { person, recoveryCodes } = await withSecondFactor()
  expect(recoveryCodes).toHaveLength(10)
  const code = recoveryCodes[3] ?? ''
  expect(code).toMatch(/^([0-9a-z]{4}-){3}[0-9a-z]{4}$/)
  expect((await person.signIn({ code: code.toUpperCase().replaceAll('-', ' ') })).status).toBe(200)
  expect((await person.signIn({ code })).body['code']).toBe('second_factor_wrong')
  const { body } = await person.asks('GET', '/api/v1/me')
  expect(body['user']).toMatchObject({ secondFactor: true, recoveryCodesLeft: 9 })
})

test('ends every other sign-in when it is confirmed, and needs password and code to be removed', async () => {
  const person = await rig.join()
  const { email, password } = person
  const elsewhere = await person.ask('POST', '/api/v1/auth/sign-in', { email, password, tokenIn: 'body' })
  const begun = await person.asks('POST', '/api/v1/auth/totp/begin', { password })
  const secret = String(begun.body['secret'])
  const confirmed = await person.asks('POST', '/api/v1/auth/totp/confirm', { code: codeOf(secret, -1) })
  expect(await person.me()).toBe(401)
  person.keep(confirmed)
  expect(await person.me()).toBe(200)
  const refreshToken = elsewhere.body['refreshToken']
  expect((await person.ask('POST', '/api/v1/auth/refresh', { refreshToken })).status).toBe(401)
  expect((await person.asks('POST', '/api/v1/auth/totp/begin', { password })).body['code']).toBe('second_factor_state')

  const remove = (body: object) => person.asks('POST', '/api/v1/auth/totp/remove', body)
  expect((await remove({ password: 'another one', code: codeOf(secret) })).body['code']).toBe('wrong_credentials')
  expect((await remove({ password, code: '000000' })).body['code']).toBe('second_factor_wrong')
  person.keep(await remove({ password, code: codeOf(secret) }))
  expect(await person.me()).toBe(200)
  expect((await person.signIn()).status).toBe(200)
})

test('neither password nor begin again gives back tries that guessed codes have used up', async () => {
  await rig.rows.query('delete from sign_in_cool_downs')
  const { person } = await withSecondFactor()
  await rig.rows.query('delete from sign_in_cool_downs')
  const answers = []
  for (let i = 0; i < 5; i++) {
    await person.signIn()
    answers.push((await person.signIn({ code: '000000' })).status)
  }
  expect(answers).toEqual([401, 401, 401, 401, 401])
  expect((await person.signIn({ code: '000000' })).status).toBe(429)
  await rig.rows.query('delete from sign_in_cool_downs')
})

test('an access token and the password do not guess the code that removes it', async () => {
  const { person } = await withSecondFactor()
  const { password } = person
  const remove = () => person.asks('POST', '/api/v1/auth/totp/remove', { password, code: '000000' })
  const answers: unknown[] = []
  for (let i = 0; i < 6; i++) {
    answers.push((await remove()).body['code'])
    const changed = await person.asks('POST', '/api/v1/auth/password', { old: password, new: password })
    expect(changed.status).toBe(200)
    person.keep(changed)
  }
  expect(answers).toEqual([...Array.from({ length: 5 }, () => 'second_factor_wrong'), 'too_many_attempts'])
})

test('its secret lies sealed in the database, and recovery codes as hashes', async () => {
  const { secret, recoveryCodes } = await withSecondFactor()
  const bytes = Buffer.from(Secret.fromBase32(secret).buffer)
  const rows = await rig.rows.query<{ row: string }>('select l::text as row from logins l')
  const secrets = [sought('secret', bytes), sought('base32', secret), sought('code', recoveryCodes[0] ?? '')]
  expect(find(secrets, rows.map(({ row }) => row).join('\n'))).toEqual([])
  expect(find(secrets, rig.gateway.logLines.join(''))).toEqual([])
})

test('a code of one secret does not confirm another that was begun meanwhile', async () => {
  const person = await rig.join()
  const begin = async () => {
    const { body } = await person.asks('POST', '/api/v1/auth/totp/begin', { password: person.password })
    return String(body['secret'])
  }
  const confirm = (code: string) => person.asks('POST', '/api/v1/auth/totp/confirm', { code })
  const first = await begin()
  const second = await begin()
  expect((await confirm(codeOf(first))).body['code']).toBe('second_factor_wrong')
  const [confirmed] = await Promise.all([confirm(codeOf(second)), begin()])
  const { body } = await person.signIn()
  // whichever came first, no secret is in force that nobody has proven
  expect(body['code'] === 'second_factor_required').toBe(confirmed.status === 200)
})
