import { once } from 'node:events'
import { WebSocket, WebSocketServer } from 'ws'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { LiveFeed } from './live.js'
import { createLiveFeed } from './live.js'
import type { Health } from './state.js'

const timing = { pollMs: 20, checkMs: 60_000, openMs: 2000, capMs: 40 }

let server: WebSocketServer
let feed: LiveFeed | undefined
let frames: unknown[]
let healths: Health[]
let reads: number
let reading: { ok: boolean; waitMs: number }
/** False: nothing listens where the feed looks for its socket. */
let reachable: boolean

beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  frames = []
  healths = []
  reads = 0
  reading = { ok: true, waitMs: 0 }
  reachable = true
})

afterEach(async () => {
  feed?.close()
  for (const client of server.clients) client.terminate()
  await new Promise<void>(resolve => server.close(() => resolve()))
})

function address(): string {
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('The server has no port')
  return `ws://127.0.0.1:${reachable ? bound.port : 1}`
}

function openFeed(): void {
  feed = createLiveFeed({
    openSocket: () => new WebSocket(address()),
    read: () => {
      reads += 1
      return Promise.resolve(reading)
    },
    onFrame: data => frames.push(data),
    onHealth: health => healths.push(health),
    random: () => 1,
    timing,
  })
}

test('frames arrive, and the view is read as soon as the socket is up', async () => {
  openFeed()
  await once(server, 'connection')
  await expect.poll(() => healths).toEqual(['live'])
  expect(reads).toBeGreaterThanOrEqual(2)
  for (const client of server.clients) client.send('hello')
  await expect.poll(() => frames).toEqual(['hello'])
})

test('a lost socket comes back, and what happened meanwhile is read', async () => {
  openFeed()
  await once(server, 'connection')
  await expect.poll(() => healths).toEqual(['live'])
  const before = reads
  const again = once(server, 'connection')
  for (const client of server.clients) client.terminate()
  await again
  await expect.poll(() => reads).toBeGreaterThanOrEqual(before + 2)
  expect(healths).toEqual(['live'])
})

test('without a socket it polls and says so, and is live again when the socket can be had', async () => {
  reachable = false
  openFeed()
  await expect.poll(() => reads).toBeGreaterThan(4)
  await expect.poll(() => healths).toEqual(['polling'])
  reachable = true
  await expect.poll(() => healths).toEqual(['polling', 'live'])
})

test('a server that answers nothing is lost only after a second try, and found again', async () => {
  reachable = false
  reading = { ok: false, waitMs: 0 }
  openFeed()
  await expect.poll(() => healths.at(-1)).toBe('lost')
  expect(reads).toBeGreaterThanOrEqual(2)
  reading = { ok: true, waitMs: 0 }
  await expect.poll(() => healths.at(-1)).toBe('polling')
})

test('a server that asks to wait is not asked again before', async () => {
  reading = { ok: false, waitMs: 60_000 }
  reachable = false
  openFeed()
  await expect.poll(() => healths).toEqual(['polling'])
  expect(reads).toBe(1)
  feed?.nudge()
  await expect.poll(() => reads).toBe(2)
})

test('closed means silent: no socket, no reading', async () => {
  openFeed()
  await once(server, 'connection')
  feed?.close()
  await expect.poll(() => server.clients.size).toBe(0)
  const before = reads
  feed?.nudge()
  expect(reads).toBe(before)
})
