import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { route } from '../src/backend/http/route.js'
import { answerFault, checkAnswers, operationsOf } from './support/checked-answers.js'
import { TestGateway } from './support/test-gateway.js'

const routes = [
  route({
    method: 'get',
    path: '/things/:thingId',
    summary: 'A thing',
    answer: z.strictObject({ id: z.uuid(), at: z.iso.datetime(), parts: z.array(z.strictObject({ size: z.int() })) }),
    handle: async () => undefined,
  }),
  route({ method: 'delete', path: '/things/:thingId', summary: 'Remove a thing', handle: async () => {} }),
]
const good = { id: '0198c5b2-7d1e-4c3a-9f60-2b8e4d5a6c71', at: '2026-01-02T09:30:00.000Z', parts: [{ size: 1 }] }

let server: Server | null = null
afterEach(() => new Promise(resolve => (server === null ? resolve(null) : server.close(resolve))))

test.each([
  ['a field more', { answer: { ...good, secret: 1 } }],
  ['a field less', { answer: { id: good.id, at: good.at } }],
  ['an id that is none', { answer: { ...good, id: '7' } }],
  ['a fault further in', { answer: { ...good, parts: [{ size: 1.5 }] } }],
  ['no body', {}],
  ['another status', { status: 201, answer: good }],
  ['a body where there is none', { method: 'delete', status: 204, answer: good }],
  ['a route that is not there', { path: '/others', answer: good }],
])('%s is found', (_, given) => {
  const asked = { method: 'get', path: '/things/7', status: 200, ...given }
  expect(answerFault(operationsOf(routes), asked)).toEqual(expect.any(String))
})

test('what is described is not', () => {
  const operations = operationsOf(routes)
  expect(answerFault(operations, { method: 'get', path: '/things/7', status: 200, answer: good })).toBeNull()
  expect(answerFault(operations, { method: 'delete', path: '/things/7', status: 204 })).toBeNull()
})

test('whoever asks a gateway of the tests learns of an answer that its document does not describe', async () => {
  await using gateway = await TestGateway.start()
  expect((await fetch(`${gateway.url}/api/page-settings`)).status).toBe(200)
  server = createServer((_, response) => response.setHeader('content-type', 'application/json').end('{"more":1}'))
  await new Promise<void>(resolve => server?.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const end = checkAnswers(url, gateway.routes)
  try {
    await expect(fetch(`${url}/api/page-settings`)).rejects.toThrow('GET /api/page-settings and /openapi.json differ')
  } finally {
    end()
  }
  expect((await fetch(`${url}/api/page-settings`)).status).toBe(200)
})
