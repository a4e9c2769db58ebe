import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Operator } from './support/operator.js'
import { TestGateway } from './support/test-gateway.js'

const token = randomBytes(32).toString('hex')
let gateway: TestGateway
let service: Operator

beforeAll(async () => {
  gateway = await TestGateway.start({
    env: {
      WHATSAPP_SERVICE_TOKEN: token,
      API_REQUESTS_PER_SECOND: '0.01',
      API_REQUEST_BURST: '5',
      API_REQUESTS_PER_ADDRESS: '0.02',
    },
  })
  service = new Operator(gateway.url, token)
})

afterAll(() => gateway[Symbol.asyncDispose]())

async function newKey(): Promise<Operator> {
  const { body } = await service.ask('POST', '/api/v1/api-keys', { name: 'x', scopes: ['read'] })
  return new Operator(gateway.url, String(body['key']))
}

const list = (asks: Operator, path = '/api/v1/sessions') => asks.ask('GET', path)

test('a key that asks too often waits, others go on until their address has had its share, the service token always', async () => {
  const key = await newKey()
  for (const left of [4, 3, 2, 1, 0]) {
    const { status, headers } = await list(key)
    expect(status).toBe(200)
    expect(headers.get('ratelimit-limit')).toBe('5')
    expect(headers.get('ratelimit-remaining')).toBe(String(left))
  }
  for (const path of ['/api/v1/sessions', '/api/whatsapp/sessions', '/api/v1/nowhere']) {
    const { status, headers, body } = await list(key, path)
    expect({ status, body }).toMatchObject({ status: 429, body: { code: 'rate_limited' } })
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(1)
    expect(headers.get('ratelimit-remaining')).toBe('0')
  }
  const other = await newKey()
  for (let i = 0; i < 5; i++) expect((await list(other)).status).toBe(200)
  // twice as much as one key has
  expect((await list(await newKey())).status).toBe(429)
  for (let i = 0; i < 20; i++) expect((await list(service)).status).toBe(200)
})
