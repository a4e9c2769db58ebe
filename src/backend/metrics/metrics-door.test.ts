import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterEach, expect, test } from 'vitest'
import { openDoor } from '../../../tests/support/open-door.js'
import { metricsDoor } from './metrics-door.js'

let server: Server | null = null

afterEach(() => new Promise<void>(resolve => (server === null ? resolve() : server.close(() => resolve()))))

const serviceToken = 'a'.repeat(64)

async function status(from: string[], headers: Record<string, string> = {}): Promise<number> {
  const { identify } = openDoor(serviceToken)
  const metrics = {
    text: async () => 'whizlite_up 1\n',
    contentType: 'text/plain; version=0.0.4; charset=utf-8' as const,
  }
  const app = express()
  app.use(metricsDoor({ metrics, identify, from }))
  app.use(((error: { status?: number }, _request, response, _next) => {
    response.sendStatus(error.status ?? 500)
  }) as express.ErrorRequestHandler)
  server = createServer(app)
  await new Promise<void>(resolve => server?.listen(0, '127.0.0.1', resolve))
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`, { headers })
  const text = await answer.text()
  if (answer.status === 200) expect(text).toBe('whizlite_up 1\n')
  return answer.status
}

const bearer = { authorization: `Bearer ${serviceToken}` }

test.each<[number, string, string[], Record<string, string>]>([
  [401, 'nobody by default', [], {}],
  [200, 'a service', [], bearer],
  [200, 'a service through a proxy', [], { ...bearer, 'x-forwarded-for': '192.0.2.7' }],
  [401, 'a wrong token', ['loopback'], { authorization: 'Bearer wrong', 'x-forwarded-for': '192.0.2.7' }],
  [200, 'a watcher on this machine, where that was set', ['loopback'], {}],
  [401, 'a watcher on this machine, where another place was set', ['10.0.0.0/8'], {}],
  [401, 'a visitor of a proxy on this machine', ['loopback'], { 'x-forwarded-for': '127.0.0.1' }],
  [401, 'a visitor of another kind of proxy', ['loopback'], { via: '1.1 proxy' }],
  [401, 'a visitor of a proxy that says where they asked', ['loopback'], { 'x-forwarded-host': 'link.example.com' }],
])('%i: %s', async (expected, _, from, headers) => {
  expect(await status(from, headers)).toBe(expected)
})
