import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PeopleRig } from './support/people-rig.js'
import { Visitor } from './support/visitor.js'

let rig: PeopleRig

beforeAll(async () => (rig = await PeopleRig.open()))
afterAll(() => rig[Symbol.asyncDispose]())

/** As if the token before the newest had been used that long ago. */
const usedLongerAgo = (userId: string) =>
  rig.rows.query(`update refresh_tokens set used_at = used_at - interval '11 seconds' where login_id = $1`, [userId])

describe('a refresh', () => {
  test('gives another token each time, and the database knows their hashes alone', async () => {
    const person = await rig.join()
    const first = person.refreshToken
    await person.refresh()
    const second = person.refreshToken
    await person.refresh()
    expect(new Set([first, second, person.refreshToken]).size).toBe(3)
    expect(await person.me()).toBe(200)
    const stored = await rig.rows.query<{ row: string }>('select t::text as row from refresh_tokens t')
    for (const { row } of stored) expect(row).not.toContain(second.slice('whiz_refresh_'.length, -65))
  })

  test('of two tabs at once ends with one and the same token, and both go on', async () => {
    const person = await rig.join()
    const token = person.refreshToken
    const answers = await Promise.all(Array.from({ length: 8 }, () => person.refresh(token)))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200))
    expect(new Set(answers.map(({ body }) => body['refreshToken'])).size).toBe(1)
    expect((await person.refresh()).status).toBe(200)
  })

  test('with a token that was used before ends the whole sign-in, access tokens at once, and no other sign-in', async () => {
    const person = await rig.join()
    const stolen = person.refreshToken
    const elsewhere = await rig.gateway.visitor().request('POST', '/api/v1/auth/sign-in', {
      email: person.email,
      password: person.password,
      tokenIn: 'body',
    })
    await person.refresh()
    await usedLongerAgo(person.userId)
    expect(await person.me()).toBe(200)
    expect((await person.ask('POST', '/api/v1/auth/refresh', { refreshToken: stolen })).body['code']).toBe(
      'refresh_refused',
    )
    await expect.poll(() => person.me()).toBe(401)
    expect((await person.refresh()).status).toBe(401)
    const other = { refreshToken: elsewhere.body['refreshToken'] }
    expect((await person.ask('POST', '/api/v1/auth/refresh', other)).status).toBe(200)
    expect(rig.gateway.logLines.join('')).toContain('refresh_token_reused')
  })

  test('with the last but one token within ten seconds is a reuse once the newest was used, too', async () => {
    const person = await rig.join()
    const first = person.refreshToken
    await person.refresh()
    await person.refresh()
    expect((await person.ask('POST', '/api/v1/auth/refresh', { refreshToken: first })).status).toBe(401)
    expect((await person.refresh()).status).toBe(401)
  })

  test('with one that was used so long ago that its hash is gone ends the sign-in as well', async () => {
    const person = await rig.join()
    const stolen = person.refreshToken
    await person.refresh()
    await rig.rows.query(`update refresh_tokens set used_at = used_at - interval '25 hours' where login_id = $1`, [
      person.userId,
    ])
    await person.refresh()
    await person.refresh()
    const left = await rig.rows.query('select from refresh_tokens where login_id = $1', [person.userId])
    // the newest, and those that it and the one before it were given for
    expect(left).toHaveLength(3)
    expect(await person.me()).toBe(200)
    expect((await person.ask('POST', '/api/v1/auth/refresh', { refreshToken: stolen })).status).toBe(401)
    await expect.poll(() => person.me()).toBe(401)
    expect((await person.refresh()).status).toBe(401)
  })

  test('with what is no token, or nobody’s, is told the same', async () => {
    const person = rig.stranger()
    const answers = await Promise.all(
      ['', 'x', `whiz_refresh_${'A'.repeat(43)}`].map(refreshToken =>
        person.ask('POST', '/api/v1/auth/refresh', { refreshToken }),
      ),
    )
    answers.push(await person.ask('POST', '/api/v1/auth/refresh', {}))
    for (const { status, body } of answers) {
      expect(status).toBe(401)
      expect(body['code']).toBe('refresh_refused')
    }
  })

  test('ends thirty days after the last one', async () => {
    const person = await rig.join()
    await rig.rows.query('update refresh_families set expires_at = clock_timestamp() where login_id = $1', [
      person.userId,
    ])
    expect((await person.refresh()).status).toBe(401)
  })

  test('goes on for ninety days at most', async () => {
    const person = await rig.join()
    await rig.rows.query(`update refresh_families set created_at = now() - interval '89 days' where login_id = $1`, [
      person.userId,
    ])
    expect((await person.refresh()).status).toBe(200)
    const [family] = await rig.rows.query<{ soon: boolean }>(
      `select expires_at < now() + interval '25 hours' as soon from refresh_families where login_id = $1`,
      [person.userId],
    )
    expect(family?.soon).toBe(true)
  })
})

test('a login has fifty sign-ins at most: another one ends the one that was not used for longest', async () => {
  const person = await rig.join()
  const first = person.accessToken
  await rig.rows.query(
    `insert into refresh_families (login_id, workspace_id, last_used_at, expires_at)
     select $1, $2, now() + make_interval(mins => n), now() + interval '1 day' from generate_series(1, 49) n`,
    [person.userId, person.workspaceId],
  )
  expect(await person.me()).toBe(200)
  expect((await person.signIn()).status).toBe(200)
  expect(await rig.rows.query('select from refresh_families where login_id = $1', [person.userId])).toHaveLength(50)
  expect(await person.me()).toBe(200)
  const asFirst = { authorization: `Bearer ${first}` }
  await expect.poll(async () => (await person.ask('GET', '/api/v1/me', undefined, asFirst)).status).toBe(401)
})

describe('the cookie', () => {
  const signIn = async () => {
    const { email, password } = await rig.join()
    const browser = new Visitor(rig.gateway.url)
    const { headers, body } = await browser.request('POST', '/api/v1/auth/sign-in', { email, password })
    return { browser, set: headers.getSetCookie()[0] ?? '', body }
  }

  test('is for its own routes, no script reads it, and the answer does not hold the token', async () => {
    const { browser, set, body } = await signIn()
    expect(set).toMatch(
      /^whiz_refresh=whiz_refresh_[\w-]{43}\.[\w-]{64}; Max-Age=2592000; Path=\/api\/v1\/auth; HttpOnly; SameSite=Strict$/,
    )
    expect(body['refreshToken']).toBeUndefined()
    const before = browser.cookie
    const { status, body: again } = await browser.request('POST', '/api/v1/auth/refresh', {})
    expect(status).toBe(200)
    expect(again['refreshToken']).toBeUndefined()
    expect(browser.cookie).not.toBe(before)
  })

  test('proves nothing anywhere else, and nothing for a page of another site', async () => {
    const { browser } = await signIn()
    expect((await browser.request('GET', '/api/v1/me')).status).toBe(401)
    const foreign = await browser.request('POST', '/api/v1/auth/refresh', {}, { origin: 'https://evil.example' })
    expect(foreign.status).toBe(403)
    expect(foreign.body['code']).toBe('foreign_origin')
  })

  test('goes with the sign-out', async () => {
    const { browser, body } = await signIn()
    const kept = browser.cookie
    const { status, headers } = await browser.request('POST', '/api/v1/auth/sign-out', {})
    expect(status).toBe(204)
    expect(headers.getSetCookie()[0]).toMatch(/^whiz_refresh=; Max-Age=0; /)
    expect((await new Visitor(rig.gateway.url, kept).request('POST', '/api/v1/auth/refresh', {})).status).toBe(401)
    const authorization = `Bearer ${String(body['accessToken'])}`
    await expect
      .poll(async () => (await rig.gateway.visitor().request('GET', '/api/v1/me', undefined, { authorization })).status)
      .toBe(401)
  })
})
