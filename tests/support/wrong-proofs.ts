import { randomBytes, randomUUID } from 'node:crypto'
import { SignJWT, UnsecuredJWT } from 'jose'
import { newKeyId, newKeySecret, writeKey } from '../../src/backend/api-keys/key-text.js'
import { purposeKey } from '../../src/backend/vault/purpose-key.js'
import type { PeopleRig } from './people-rig.js'
import { tellOf } from './people.js'
import type { Answer } from './visitor.js'

const now = () => Math.floor(Date.now() / 1000)

/** What looks like a proof of the first owner's, or was one once, by what is wrong with it. */
export async function wrongProofs(rig: PeopleRig): Promise<Record<string, string>> {
  return {
    ...(await wrongTokens(rig)),
    ...(await wrongKeys(rig)),
    'a service token that was guessed': randomBytes(32).toString('hex'),
  }
}

async function wrongTokens(rig: PeopleRig): Promise<Record<string, string>> {
  const { gateway, owner } = rig
  const [head = '', body = '', signature = ''] = owner.accessToken.split('.')
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>
  const key = purposeKey(gateway.config.jwtSecret, 'identity/access-token/1')
  const signed = (more: object, { by = key, typ = 'at+jwt' } = {}) =>
    new SignJWT({ ...claims, ...more }).setProtectedHeader({ alg: 'HS256', typ }).sign(by)
  const admin = Buffer.from(JSON.stringify({ ...claims, sub: randomUUID() })).toString('base64url')
  const gone = await rig.join()
  await gone.asks('POST', '/api/v1/auth/sign-out-everywhere', {})
  const suspended = await rig.join()
  await rig.owner.asks('PATCH', `/api/v1/members/${suspended.userId}`, { suspended: true })
  const ticket: Answer = await owner.asks('POST', '/api/v1/ws-tickets', {})
  return {
    unsigned: new UnsecuredJWT(claims).encode(),
    'of another secret': await signed({}, { by: purposeKey(randomBytes(32), 'identity/access-token/1') }),
    'of another purpose': await signed({}, { typ: 'JWT' }),
    'for another audience': await signed({ aud: 'elsewhere' }),
    'of another issuer': await signed({ iss: 'https://evil.example' }),
    over: await signed({ iat: now() - 2_000, nbf: now() - 2_000, exp: now() - 1_000 }),
    'to come': await signed({ nbf: now() + 1_000, iat: now() + 1_000, exp: now() + 1_500 }),
    'of nobody': await signed({ sub: randomUUID() }),
    'of another workspace': await signed({ ws: randomUUID() }),
    'of a login before its password was changed': await signed({ ver: 99 }),
    'of another sign-in': await signed({ sid: randomUUID() }),
    'with other contents': `${head}.${admin}.${signature}`,
    'cut short': owner.accessToken.slice(0, -1),
    'longer than any': await signed({ note: 'x'.repeat(3_000) }),
    'signed out': gone.accessToken,
    suspended: suspended.accessToken,
    'a refresh token': owner.refreshToken,
    'a ticket': String(ticket.body['ticket']),
    'an invitation': await rig.invitation(),
  }
}

async function wrongKeys({ owner, rows }: PeopleRig): Promise<Record<string, string>> {
  const make = async (body: object = {}) => {
    const scopes = ['read', 'send', 'sessions', 'settings', 'admin']
    const made = await owner.asks('POST', '/api/v1/api-keys', { name: 'Till', scopes, ...body })
    return { key: String(made.body['key']), id: String(made.body['id']) }
  }
  const [good, revoked, over] = [await make(), await make(), await make()]
  const far = await make({ addresses: ['192.0.2.0/24'] })
  await owner.asks('DELETE', `/api/v1/api-keys/${revoked.id}`)
  await rows.query(`update api_keys set expires_at = now() - interval '1 second' where id = $1`, [over.id])
  await tellOf(rows, over.id)
  return {
    'a key cut short': good.key.slice(0, -1),
    'a key with another end': `${good.key.slice(0, -6)}000000`,
    'a key with another secret': writeKey({ id: newKeyId(), secret: newKeySecret() }),
    'a key of another installation': good.key.replace('live', 'test'),
    'a key that is revoked': revoked.key,
    'a key that is over': over.key,
    'a key from another address': far.key,
  }
}
