import { createSecretKey, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import { SignJWT, UnsecuredJWT, type JWTPayload } from 'jose'
import { expect, test } from 'vitest'
import { UserId, WorkspaceId } from '../../contract/ids.js'
import { purposeKey } from '../vault/purpose-key.js'
import { createAccessTokens } from './access-tokens.js'

const secret = randomBytes(32)
const start = Date.UTC(2026, 0, 1)
const publicUrl = 'https://link.example'
const claims = {
  userId: UserId.parse(randomUUID()),
  workspaceId: WorkspaceId.parse(randomUUID()),
  loginVersion: 3,
  familyId: randomUUID(),
}

const at = (seconds: number, changed = {}) =>
  createAccessTokens({ secret, publicUrl, now: () => start + seconds * 1_000, ...changed })

const payload = (changed: JWTPayload = {}): JWTPayload => ({
  iss: publicUrl,
  aud: 'whizlite-api',
  sub: claims.userId,
  ws: claims.workspaceId,
  ver: 3,
  sid: claims.familyId,
  iat: start / 1_000,
  nbf: start / 1_000,
  exp: start / 1_000 + 900,
  ...changed,
})

const signed = (changed: JWTPayload = {}, header = { alg: 'HS256', typ: 'at+jwt' }) =>
  new SignJWT(payload(changed)).setProtectedHeader(header).sign(purposeKey(secret, 'identity/access-token/1'))

test('a token says whom it stands for, for a quarter of an hour and the minute that clocks may differ', async () => {
  const { token, expiresIn } = await at(0).issue(claims)
  expect(expiresIn).toBe(900)
  expect(await at(0).read(token)).toEqual(claims)
  expect(await at(959).read(token)).toEqual(claims)
  expect(await at(961).read(token)).toBeNull()
  expect(await at(-59).read(token)).toEqual(claims)
  expect(await at(-61).read(token)).toBeNull()
})

test('what these tests sign themselves is read when nothing is wrong with it', async () => {
  expect(await at(0).read(await signed())).toEqual(claims)
})

test.each<[string, () => Promise<string> | string]>([
  ['another key', async () => (await at(0, { secret: randomBytes(32) }).issue(claims)).token],
  [
    'the secret itself as its key',
    () => new SignJWT(payload()).setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' }).sign(createSecretKey(secret)),
  ],
  ['another issuer', () => signed({ iss: 'https://evil.example' })],
  ['another audience', () => signed({ aud: 'another-api' })],
  ['no audience', () => signed({ aud: undefined as unknown as string })],
  ['another type', () => signed({}, { alg: 'HS256', typ: 'JWT' })],
  ['another algorithm of the same key', () => signed({}, { alg: 'HS512', typ: 'at+jwt' })],
  ['a longer life', () => signed({ iat: start / 1_000 - 86_400, exp: start / 1_000 + 86_400 })],
  ['no end', () => signed({ exp: undefined as unknown as number })],
  ['no beginning', () => signed({ nbf: undefined as unknown as number })],
  ['a subject that is no id', () => signed({ sub: 'admin' })],
  ['more than it should say', () => signed({ role: 'owner' })],
  ['no signature', () => new UnsecuredJWT(payload()).encode()],
  [
    'a key pair',
    () =>
      new SignJWT(payload())
        .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt' })
        .sign(generateKeyPairSync('ed25519').privateKey),
  ],
  ['no token at all', () => 'not.a.token'],
  ['one far too long', async () => `${(await at(0).issue(claims)).token}${'A'.repeat(3_000)}`],
])('a token with %s is nobody’s', async (_, make) => {
  expect(await at(0).read(await make())).toBeNull()
})

test('a token whose contents were changed is nobody’s', async () => {
  const [head = '', , signature = ''] = (await at(0).issue(claims)).token.split('.')
  const other = Buffer.from(JSON.stringify(payload({ sub: randomUUID() }))).toString('base64url')
  expect(await at(0).read(`${head}.${other}.${signature}`)).toBeNull()
})
