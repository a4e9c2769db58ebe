import { randomBytes, randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { UserId } from '../../contract/ids.js'
import { readRefreshCookie, refreshCookie } from './refresh-cookie.js'
import { createRefreshTokens, readRefreshToken } from './refresh-tokens.js'

const tokens = createRefreshTokens({ secret: randomBytes(32) })
const family = { userId: UserId.parse(randomUUID()), familyId: randomUUID() }
const token = tokens.first(family)

test('on https the browser itself holds the cookie to this host, to https and away from scripts', () => {
  const set = refreshCookie(token, { secure: true })
  expect(set).toBe(`__Host-whiz_refresh=${token}; Max-Age=2592000; Path=/; HttpOnly; Secure; SameSite=Strict`)
  const sent = set.split(';', 1)[0]
  expect(readRefreshCookie(sent, { secure: true })).toBe(token)
  // one that came over plain http, or was set without the prefix, is none on https
  expect(readRefreshCookie(`whiz_refresh=${token}`, { secure: true })).toBeNull()
})

test('on plain http it goes to its own routes alone', () => {
  const set = refreshCookie(token, { secure: false })
  expect(set).toBe(`whiz_refresh=${token}; Max-Age=2592000; Path=/api/v1/auth; HttpOnly; SameSite=Strict`)
  expect(readRefreshCookie(set.split(';', 1)[0], { secure: false })).toBe(token)
})

test.each([undefined, '', 'whiz_refresh=', 'whiz_refresh=short', 'another=1'])('%j holds none', header => {
  expect(readRefreshCookie(header, { secure: false })).toBeNull()
})

test('what follows a token is always the same, and another one under another secret', () => {
  expect(tokens.next(token)).toBe(tokens.next(token))
  expect(tokens.next(token)).not.toBe(token)
  expect(tokens.next(tokens.next(token))).not.toBe(tokens.next(token))
  expect(createRefreshTokens({ secret: randomBytes(32) }).next(token)).not.toBe(tokens.next(token))
  expect(tokens.first(family)).not.toBe(tokens.first(family))
})

test('a token and all that follow it say whose they are, and nobody makes one up that does', () => {
  const others = createRefreshTokens({ secret: randomBytes(32) })
  expect(tokens.familyOf(token)).toEqual(family)
  expect(tokens.familyOf(tokens.next(tokens.next(token)))).toEqual(family)
  expect(others.familyOf(token)).toBeNull()
  const [secret = '', said = ''] = token.split('.')
  const other = said.startsWith('A') ? `B${said.slice(1)}` : `A${said.slice(1)}`
  for (const text of [secret, `${secret}.${other}`, `${secret}.${'A'.repeat(64)}`]) {
    const read = readRefreshToken(text)
    expect(read && tokens.familyOf(read)).toBeNull()
  }
  for (const text of [`${secret}.`, `${token}A`, `${token}.${said}`]) expect(readRefreshToken(text)).toBeNull()
})
