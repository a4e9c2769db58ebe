import { Router } from 'express'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { openDoor } from '../../../tests/support/open-door.js'
import { openSocket, parseAnswer, sendRaw } from '../../../tests/support/raw-request.js'
import { createLog } from '../log.js'
import { healthRoutes } from './health.routes.js'
import { route } from './route.js'
import { createHttpServer, type HttpServer, type HttpServerDeps } from './server.js'

let server: HttpServer
let url: string
let pings = 0
let onPost: () => Promise<void>
let onUpgrade: (socket: Duplex) => void

const serve = (timeouts: HttpServerDeps['timeouts']): HttpServer =>
  createHttpServer({
    log: createLog({ level: 'silent' }),
    routes: [
      route({ method: 'post', path: '/api/slow', summary: '', body: z.object({}), handle: () => onPost() }),
      ...healthRoutes({
        pingDatabase: async () => void pings++,
        phase: () => 'ready',
        leaseHeld: () => true,
        nodeReplaced: () => false,
        clientOutdated: () => false,
        connectedSessions: () => 0,
        websocketClients: () => 0,
      }),
    ],
    pages: Router(),
    onUpgrade: (_request, socket) => onUpgrade(socket),
    ...openDoor(),
    publicUrl: null,
    ...(timeouts ? { timeouts } : {}),
  })

beforeAll(async () => {
  server = serve({ headersMs: 150, requestMs: 300, idleMs: 150, checkMs: 20 })
  url = `http://127.0.0.1:${await server.listen(0, '127.0.0.1')}`
})

afterAll(() => server[Symbol.asyncDispose]())

const post = 'POST /api/slow HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'

describe('a line is closed on whoever', () => {
  test.each([
    ['sends nothing', ''],
    ['never ends the headers', post],
    ['never ends the body', `${post}Content-Length: 2\r\n\r\n{`],
    ['never ends the chunks', `${post}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n`],
  ])('%s', async (_, bytes) => {
    expect((await sendRaw(url, bytes)).status).toBe(408)
  })

  test('asks nothing more', async () => {
    expect((await sendRaw(url, 'GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n')).status).toBe(200)
  })

  test('holds as many half-sent requests as they can: none is left, and others are served', async () => {
    const sockets = await Promise.all(Array.from({ length: 200 }, () => openSocket(url)))
    const closed = sockets.map(socket => once(socket.resume(), 'close'))
    for (const socket of sockets) socket.write(`${post}Content-Length: 100\r\n\r\n{`)
    expect((await fetch(`${url}/health`)).status).toBe(200)
    await Promise.all(closed)
  })
})

test('an answer may take longer than a request', async () => {
  let answer = (): void => {}
  onPost = () => new Promise(resolve => (answer = resolve))
  const asked = sendRaw(url, `${post}Connection: close\r\nContent-Length: 2\r\n\r\n{}`)
  // another one has been found overdue since
  expect((await sendRaw(url, `${post}Content-Length: 2\r\n\r\n{`)).status).toBe(408)
  expect((await sendRaw(url, post)).status).toBe(408)
  answer()
  expect((await asked).status).toBeLessThan(300)
})

test('a WebSocket stays open as long as it likes', async () => {
  const upgraded = new Promise<Duplex>(resolve => (onUpgrade = resolve))
  const client = await openSocket(url)
  let received = ''
  client.on('data', (chunk: Buffer) => (received += chunk.toString()))
  client.write('GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  const socket = await upgraded
  expect((await sendRaw(url, `${post}Content-Length: 2\r\n\r\n{`)).status).toBe(408)
  const told = once(client, 'data')
  socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n')
  await told
  expect(parseAnswer(received).status).toBe(101)
  client.destroy()
  socket.destroy()
})

test('a crowd that asks for the health costs the database one question', async () => {
  // with the times of every day: three hundred at once may keep a busy machine longer than this file's
  await using patient = serve(undefined)
  const its = `http://127.0.0.1:${await patient.listen(0, '127.0.0.1')}`
  const before = pings
  const asked = Array.from({ length: 300 }, (_, index) => fetch(`${its}/health${index % 2 === 0 ? '' : '/ready'}`))
  const statuses = (await Promise.all(asked)).map(response => response.status)
  expect(new Set(statuses)).toEqual(new Set([200]))
  expect(pings - before).toBeLessThan(30)
})
