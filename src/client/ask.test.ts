import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createAsk } from './ask.js'
import { endpoint, questionOf, type Endpoint } from './endpoint.js'
import { endpoints } from './endpoints.js'
import type { CallOptions, ClientOptions } from './options.js'

let server: Server | null = null

afterEach(async () => {
  server?.closeAllConnections()
  await new Promise<void>(resolve => (server === null ? resolve() : server.close(() => resolve())))
  server = null
})

type Reply = { status: number; body?: unknown; headers?: Record<string, string> }

/** A gateway that gives these replies, one after the other, the last one again and again. */
async function gateway(replies: readonly Reply[]): Promise<{ url: string; asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = []
  const listener: RequestListener = (request, response) => {
    const { status, body, headers } = replies[Math.min(asked.length, replies.length - 1)] ?? { status: 500 }
    asked.push(request)
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body))
  }
  const started = createServer(listener)
  server = started
  await new Promise<void>(resolve => started.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(started.address() as AddressInfo).port}/below/`, asked }
}

const problem = (status: number, code: string, headers?: Record<string, string>): Reply => ({
  status,
  body: { type: 'x', title: 'x', status, code, detail: 'A sentence.', error: 'A sentence.', action: 'Do this.' },
  ...(headers && { headers }),
})
const fine: Reply = { status: 200, body: { fine: true } }

const asking = (to: Endpoint) => (options: ClientOptions, call?: CallOptions) =>
  createAsk(options)(questionOf(to, {}), call)
const get = asking(endpoint('GET', '/x'))
const post = asking(endpoint('POST', '/x'))

test('a request carries its proof, whom it is for and its key, below the address', async () => {
  const { url, asked } = await gateway([fine])
  const options = { url, token: 'secret', userId: 'u', workspaceId: 'w' }
  expect(await post(options, { idempotencyKey: 'once' })).toEqual({ fine: true })
  expect(asked[0]?.url).toBe('/below/x')
  expect(asked[0]?.headers).toMatchObject({
    authorization: 'Bearer secret',
    'x-user-id': 'u',
    'x-workspace-id': 'w',
    'idempotency-key': 'once',
    'content-type': 'application/json',
  })
})

test('a problem is an error with its code, sentence, action and time to wait', async () => {
  const { url } = await gateway([problem(429, 'too_many_attempts', { 'retry-after': '300' })])
  await expect(get({ url })).rejects.toMatchObject({
    name: 'ProblemError',
    code: 'too_many_attempts',
    status: 429,
    message: 'A sentence.',
    action: 'Do this.',
    fields: [],
    retryAfterSeconds: 300,
  })
})

test.each([429, 502, 503, 504])('a GET is tried again after a %i', async status => {
  const { url, asked } = await gateway([problem(status, 'starting'), fine])
  expect(await get({ url })).toEqual({ fine: true })
  expect(asked).toHaveLength(2)
})

test.each([400, 401, 403, 404, 409, 422, 500])('nothing is tried again after a %i', async status => {
  const { url, asked } = await gateway([problem(status, 'internal_error'), fine])
  await expect(get({ url, token: 'x' })).rejects.toMatchObject({ status })
  expect(asked).toHaveLength(1)
})

test('a POST is tried again under an idempotency key alone', async () => {
  const busy = [problem(503, 'starting'), fine]
  const without = await gateway(busy)
  await expect(post({ url: without.url })).rejects.toMatchObject({ status: 503 })
  expect(without.asked).toHaveLength(1)
  await new Promise<void>(resolve => server?.close(() => resolve()))
  const under = await gateway([problem(409, 'bad_request', { 'retry-after': '0' }), ...busy])
  expect(await post({ url: under.url }, { idempotencyKey: 'k' })).toEqual({ fine: true })
  expect(under.asked.map(({ headers }) => headers['idempotency-key'])).toEqual(['k', 'k', 'k'])
})

test.each<[string, Endpoint]>([
  ['PATCH', endpoint('PATCH', '/x')],
  ['DELETE', endpoint('DELETE', '/x')],
  ['sign-in', endpoints.auth.signIn],
  ['change of a password', endpoints.auth.changePassword],
  ['ticket', endpoints.tickets.issue],
  ['export', endpoints.privacy.export],
])('a %s is not tried again under a key either, which the gateway would not look at', async (_, to) => {
  const { url, asked } = await gateway([problem(503, 'starting'), fine])
  await expect(asking(to)({ url }, { idempotencyKey: 'k' })).rejects.toMatchObject({ status: 503 })
  expect(asked).toHaveLength(1)
})

test('the deletion of a session is tried again without a key', async () => {
  const { url, asked } = await gateway([problem(503, 'starting'), fine])
  await createAsk({ url })(questionOf(endpoints.sessions.delete, { sessionId: 'x' }))
  expect(asked.map(({ method }) => method)).toEqual(['DELETE', 'DELETE'])
})

test('a wrong password is not shown twice, whatever renews tokens', async () => {
  const { url, asked } = await gateway([problem(401, 'wrong_credentials'), fine])
  const signing = asking(endpoints.auth.changePassword)({ url, token: () => 'token' })
  await expect(signing).rejects.toMatchObject({ code: 'wrong_credentials' })
  expect(asked).toHaveLength(1)
})

test('tries end, and none is made when the wait would be long', async () => {
  const busy = await gateway([problem(503, 'starting')])
  await expect(get({ url: busy.url, retries: 1 })).rejects.toMatchObject({ status: 503 })
  expect(busy.asked).toHaveLength(2)
  await new Promise<void>(resolve => server?.close(() => resolve()))
  const later = await gateway([problem(503, 'starting', { 'retry-after': '60' }), fine])
  await expect(get({ url: later.url })).rejects.toMatchObject({ retryAfterSeconds: 60 })
  expect(later.asked).toHaveLength(1)
})

test('a token that was refused at the door is renewed once, whatever is asked', async () => {
  const { url, asked } = await gateway([problem(401, 'unauthenticated'), fine])
  const token = (renew: boolean) => (renew ? 'new' : 'old')
  expect(await post({ url, token })).toEqual({ fine: true })
  expect(asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer old', 'Bearer new'])
})

test('what is sent goes to this address alone', async () => {
  const { url, asked } = await gateway([{ status: 307, headers: { location: '/elsewhere' } }])
  await expect(post({ url, token: 'x' })).rejects.toMatchObject({ name: 'NoAnswerError', code: 'unreachable' })
  expect(asked).toHaveLength(1)
})

test.each([
  [200, '<html>'],
  [404, '<html>'],
  [502, '{"detail":1}'],
])('an answer %i %s is somebody else’s', async (status, body) => {
  const { url } = await gateway([{ status, body }])
  await expect(get({ url })).rejects.toMatchObject({ code: 'not_a_gateway' })
})

test('silence is told, and an end that the caller asks for is theirs', async () => {
  server = createServer(() => undefined)
  await new Promise<void>(resolve => server?.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await expect(get({ url, timeoutMs: 50, retries: 0 })).rejects.toMatchObject({ code: 'timeout' })
  const signal = AbortSignal.timeout(50)
  await expect(get({ url }, { signal })).rejects.toBe(await get({ url }, { signal }).catch((error: unknown) => error))
  await expect(get({ url: 'http://127.0.0.1:9', retries: 0 })).rejects.toMatchObject({ code: 'unreachable' })
})
