import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { askGateway, GatewayProblem, NoAnswer } from './ask-gateway.js'

let server: Server | null = null

afterEach(async () => {
  server?.closeAllConnections()
  await new Promise<void>(resolve => (server === null ? resolve() : server.close(() => resolve())))
  server = null
})

async function answering(listener: RequestListener): Promise<URL> {
  const started = createServer(listener)
  server = started
  await new Promise<void>(resolve => started.listen(0, '127.0.0.1', resolve))
  return new URL(`http://127.0.0.1:${(started.address() as AddressInfo).port}/below/`)
}

const ask = (base: URL, timeoutMs?: number): Promise<unknown> =>
  askGateway(base, {
    method: 'POST',
    path: 'api/x',
    body: { secret: 1 },
    ...(timeoutMs !== undefined && { timeoutMs }),
  })

test('a question goes below the address, its answer comes back', async () => {
  const base = await answering((request, response) => response.end(JSON.stringify({ at: request.url })))
  expect(await ask(base)).toMatchObject({ body: { at: '/below/api/x' } })
})

test('a problem is told in the gateway’s words, with the time to wait, and nothing a terminal would obey', async () => {
  const base = await answering((_, response) => {
    const problem = { code: 'of_a_newer_version', detail: 'Too \u001b[31mmany.', action: 'Come back later.' }
    response.writeHead(429, { 'retry-after': '300' }).end(JSON.stringify(problem))
  })
  const error = await ask(base).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(GatewayProblem)
  expect(error).toMatchObject({
    code: 'of_a_newer_version',
    message: 'Too  [31mmany.',
    action: 'Come back later. Wait 5 minutes.',
  })
})

test.each([
  ['Wait a minute, then start again.', '30', 'Wait 30 seconds, then start again.'],
  ['Wait a while, then try again.', '5400', 'Wait 90 minutes, then try again.'],
  ['Try again in a moment.', '2', 'Try again in 2 seconds.'],
  [
    'Wait a few minutes, then start again. Or tell the operator.',
    '86400',
    'Wait 24 hours, then start again. Or tell the operator.',
  ],
  [undefined, '1', 'Wait 1 second.'],
  ['Wait a minute, then start again.', null, 'Wait a minute, then start again.'],
])('one time to wait is told: %j, Retry-After %j', async (action, retryAfter, told) => {
  const base = await answering((_, response) => {
    if (retryAfter !== null) response.setHeader('retry-after', retryAfter)
    response.writeHead(429).end(JSON.stringify({ code: 'too_many_attempts', detail: 'Too many.', action }))
  })
  await expect(ask(base)).rejects.toMatchObject({ action: told })
})

test('fields at fault are named, in place of advice that points at a list', async () => {
  const base = await answering((_, response) => {
    const errors = [
      { path: 'state', message: 'Invalid \u001b[31moption' },
      { path: 'limit', message: 'Too big' },
    ]
    const problem = { code: 'validation_failed', detail: 'Some.', action: 'Correct the fields under "errors".', errors }
    response.writeHead(400).end(JSON.stringify(problem))
  })
  await expect(ask(base)).rejects.toMatchObject({
    message: 'Some.',
    action: 'Correct state (Invalid  [31moption), limit (Too big).',
  })
})

test('what was asked is not carried to another address', async () => {
  let asked = 0
  const base = await answering((_, response) => {
    asked += 1
    response.writeHead(307, { location: '/elsewhere' }).end()
  })
  await expect(ask(base)).rejects.toThrow('sends callers to another address')
  expect(asked).toBe(1)
})

test.each([
  [200, '<html>', 'is not a WHIZ LITE gateway'],
  [404, '<html>', 'is not a WHIZ LITE gateway'],
  [404, '{"detail":1}', 'is not a WHIZ LITE gateway'],
  [502, 'Bad gateway', 'cannot reach its gateway'],
])('an answer %i %s is somebody else’s', async (status, body, sentence) => {
  const base = await answering((_, response) => response.writeHead(status).end(body))
  await expect(ask(base)).rejects.toThrow(sentence)
})

test('silence and refusal are told apart', async () => {
  const base = await answering(() => undefined)
  await expect(ask(base, 200)).rejects.toThrow('did not answer within 0.2 seconds')
  const error = await ask(new URL('http://127.0.0.1:9/')).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(NoAnswer)
  expect(error).toMatchObject({ message: 'No gateway answers at http://127.0.0.1:9.' })
})
