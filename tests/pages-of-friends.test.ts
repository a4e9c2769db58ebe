import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadConfig } from '../src/backend/config/config.js'
import { expectProblem, send } from './support/refusals.js'
import { TestGateway } from './support/test-gateway.js'

const friend = 'https://app.example.com'
const other = 'http://localhost:5173'
const token = randomBytes(32).toString('hex')
const list = '/api/v1/sessions'
const service = { authorization: `Bearer ${token}` }

let gateway: TestGateway

beforeAll(async () => {
  gateway = await TestGateway.start({
    env: { WHATSAPP_SERVICE_TOKEN: token, FRONTEND_URL: `${friend}, ${other}/` },
  })
})

afterAll(() => gateway[Symbol.asyncDispose]())

const ask = (method: string, path: string, headers: Record<string, string>, body?: string) =>
  send(gateway.url + path, method, headers, body)

const preflight = (origin: string, path = list, method = 'POST') =>
  ask('OPTIONS', path, {
    origin,
    'access-control-request-method': method,
    'access-control-request-headers': 'authorization, content-type, idempotency-key',
  })

describe('a page that the operator has named', () => {
  test.each([friend, other])('(%s) is told what it may send', async origin => {
    const { status, headers } = await preflight(origin)
    expect(status).toBe(204)
    expect(headers.get('access-control-allow-origin')).toBe(origin)
    expect(headers.get('access-control-allow-methods')).toContain('DELETE')
    for (const name of ['Authorization', 'Content-Type', 'Idempotency-Key'])
      expect(headers.get('access-control-allow-headers')).toContain(name)
    expect(headers.get('access-control-allow-credentials')).toBeNull()
    expect(headers.get('vary')).toMatch(/Origin.*Access-Control-Request-Method/)
  })

  test('reads answers and refusals, and changes things with a proof of its own', async () => {
    const page = { origin: friend, 'sec-fetch-site': 'cross-site', 'content-type': 'application/json' }
    const read = await ask('GET', list, { ...page, ...service })
    expect(read.status).toBe(200)
    const refused = await ask('GET', list, page)
    expectProblem(refused, 401, 'unauthenticated')
    const changed = await ask('POST', '/api/v1/api-keys', { ...page, ...service }, '{"name":"x","scopes":["read"]}')
    expect(changed.status).toBe(200)
    for (const { headers } of [read, refused, changed]) {
      expect(headers.get('access-control-allow-origin')).toBe(friend)
      expect(headers.get('access-control-expose-headers')).toContain('X-Request-Id')
      expect(headers.get('vary')).toContain('Origin')
    }
  })

  test('has nothing to ask of visitors’ attempts and other services’ routes', async () => {
    for (const path of [
      '/api/sessions/start',
      '/connect',
      '/API/v1/sessions',
      '/api/v1x/sessions',
      '//api/v1/sessions',
    ]) {
      const answer = await ask('POST', path, { origin: friend, 'content-type': 'application/json', ...service }, '{}')
      expect(answer.headers.get('access-control-allow-origin')).toBeNull()
      expect(answer.status).toBeGreaterThanOrEqual(400)
    }
  })
})

test.each([
  'https://app.example.com.evil.example',
  'https://evil.example',
  'http://app.example.com',
  'https://app.example.com:8443',
  'https://APP.example.com',
  'null',
  '*',
  '',
])('a page of %j is nobody’s friend', async origin => {
  expectProblem(await preflight(origin), 403, 'foreign_origin')
  const read = await ask('GET', list, { origin, ...service })
  expect(read.headers.get('access-control-allow-origin')).toBeNull()
  expect(read.headers.get('vary')).toContain('Origin')
  const changed = await ask('POST', list, { origin, 'content-type': 'application/json', ...service }, '{}')
  expectProblem(changed, 403, 'foreign_origin')
})

test.each([
  '*',
  'https://*.example.com',
  'app.example.com',
  'https://app.example.com/path',
  'ftp://app.example.com',
  'null',
])('FRONTEND_URL %s is refused at the start', value => {
  expect(() => loadConfig({ ...gateway.env, FRONTEND_URL: value })).toThrow(/^FRONTEND_URL: must be origins/m)
})

test('plain http is refused in production', () => {
  const env = { ...gateway.env, NODE_ENV: 'production', FRONTEND_URL: 'http://app.example.com' }
  expect(() => loadConfig(env)).toThrow(/^FRONTEND_URL must be https in production/m)
})
