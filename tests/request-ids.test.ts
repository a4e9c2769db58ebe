import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sendRaw } from './support/raw-request.js'
import { send } from './support/refusals.js'
import { TestGateway } from './support/test-gateway.js'

const token = randomBytes(32).toString('hex')
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

let gateway: TestGateway

beforeAll(async () => {
  gateway = await TestGateway.start({ env: { WHATSAPP_SERVICE_TOKEN: token } })
})

afterAll(() => gateway[Symbol.asyncDispose]())

const get = (path: string, headers: Record<string, string> = {}) => send(gateway.url + path, 'GET', headers)

test('every answer has an id of its own, and every problem says it', async () => {
  const seen = new Set<string>()
  for (const path of ['/health', '/openapi.json', '/api/sessions/current', '/docs']) {
    const { status, headers } = await get(path)
    expect(status).toBe(200)
    expect(headers.get('x-request-id')).toMatch(uuid)
    seen.add(headers.get('x-request-id') ?? '')
  }
  for (const path of ['/nowhere', '/api/v1/sessions', '/api/sessions/%zz', `/api/sessions/${randomUUID()}`]) {
    const { headers, body } = await get(path)
    expect((JSON.parse(body) as { requestId: string }).requestId).toBe(headers.get('x-request-id'))
    seen.add(headers.get('x-request-id') ?? '')
  }
  const unreadable = await sendRaw(gateway.url, 'no http\r\n\r\n')
  const { requestId } = JSON.parse(unreadable.body) as { requestId: string }
  expect(requestId).toBe(unreadable.headers.get('x-request-id'))
  seen.add(requestId)
  expect(seen.size).toBe(9)
})

test.each([randomUUID(), '01JD3Z4T5V6W7X8Y9Z0A1B2C3D', randomBytes(16).toString('hex'), 'job-17.retry_2'])(
  'one that is given is taken over: %s',
  async id => {
    expect((await get('/health', { 'x-request-id': id })).headers.get('x-request-id')).toBe(id)
  },
)

test.each([
  '',
  'short',
  '-leading',
  'with space',
  'a/b/c/d/e/f',
  '<script>alert(1)</script>',
  token,
  'x'.repeat(41),
  'ünïcödé-id',
])('one that is not sane is not: %j', async id => {
  const header = Buffer.from(
    `GET /health HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: ${id}\r\nConnection: close\r\n\r\n`,
  )
  const answer = await sendRaw(gateway.url, header)
  expect(answer.headers.get('x-request-id')).toMatch(uuid)
})

test('the log names the request of what was asked of a session', async () => {
  const requestId = randomUUID()
  const path = `/api/v1/sessions/${randomUUID()}/connect`
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'x-request-id': requestId }
  expect((await send(gateway.url + path, 'POST', headers, '{}')).status).toBe(404)
  const lines = gateway.logLines.filter(line => line.includes(requestId)).map(line => JSON.parse(line) as object)
  expect(lines).toMatchObject([{ event: 'session_command_refused', requestId, code: 'session_not_found' }])
})

test('two ids in one request are none', async () => {
  const ids = ['X-Request-Id: first-of-two', 'X-Request-Id: second-of-two'].join('\r\n')
  const answer = await sendRaw(
    gateway.url,
    `GET /health HTTP/1.1\r\nHost: localhost\r\n${ids}\r\nConnection: close\r\n\r\n`,
  )
  expect(answer.headers.get('x-request-id')).toMatch(uuid)
})
