import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { sendRaw } from './support/raw-request.js'
import { Rows } from './support/rows.js'
import { TestGateway } from './support/test-gateway.js'
import type { Answer } from './support/visitor.js'

/** Small limits: six starts an hour, one at once, 120 requests a minute, four WebSockets. */
const small = { LINK_MAX_PER_ADDRESS: '6' }
const serviceToken = randomBytes(32).toString('hex')

let direct: TestGateway
let proxied: TestGateway

beforeAll(async () => {
  direct = await TestGateway.start({ env: { ...small, WHATSAPP_SERVICE_TOKEN: serviceToken } })
  proxied = await TestGateway.start({ env: { ...small, TRUST_PROXY: 'loopback' }, simulator: direct.simulator })
})

afterAll(async () => {
  await proxied[Symbol.asyncDispose]()
  await direct[Symbol.asyncDispose]()
})

/** Counts in memory end with the process, those in the database do not. */
async function forgetCounts(): Promise<void> {
  await Promise.all(
    [direct, proxied].map(async gateway => {
      await gateway.stopApp()
      await using rows = new Rows(gateway.database.ownerUrl)
      await rows.query('truncate link_starts, link_cool_downs, link_places')
      await gateway.startApp()
    }),
  )
}

const start = (gateway: TestGateway, headers: Record<string, string> = {}) =>
  gateway.visitor().request('POST', '/api/sessions/start', {}, headers)

const forwarded = (...addresses: string[]) => ({ 'x-forwarded-for': addresses.join(', ') })

function expectTooMany({ status, headers, body }: Answer): void {
  expect({ status, body }).toMatchObject({ status: 429, body: { code: 'too_many_attempts' } })
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
}

describe('an address', () => {
  beforeEach(forgetCounts)

  test('that is invented gains nothing', async () => {
    expect((await start(direct, forwarded('203.0.113.1'))).status).toBe(200)
    for (const invented of [
      '203.0.113.2',
      '127.0.0.2, 203.0.113.3',
      '203.0.113.4, 127.0.0.1',
      'nonsense',
      '::1',
      ',',
    ]) {
      expectTooMany(await start(direct, forwarded(invented)))
    }
    expect(direct.logLines.filter(line => line.includes('proxy_not_trusted')).length).toBe(1)
    expect(direct.logLines.join()).not.toContain('203.0.113')
  })

  test('that a trusted proxy has seen is whom limits are for, whatever the visitor put before it', async () => {
    expect((await start(proxied, forwarded('203.0.113.1'))).status).toBe(200)
    expectTooMany(await start(proxied, forwarded('203.0.113.1')))
    expectTooMany(await start(proxied, forwarded('198.51.100.7', '203.0.113.1')))
    expectTooMany(await start(proxied, forwarded('198.51.100.7', '127.0.0.1', '203.0.113.1')))
    expect((await start(proxied, forwarded('203.0.113.1', '203.0.113.2'))).status).toBe(200)
  })

  test('is not the service’s concern, which has no limits of visitors', async () => {
    const service = { authorization: `Bearer ${serviceToken}` }
    for (let i = 0; i < 3; i++) expect((await start(direct, service)).status).toBe(200)
    const ask = () => direct.visitor().request('GET', '/api/page-settings', undefined, service)
    const answers = await Promise.all(Array.from({ length: 130 }, ask))
    expect(new Set(answers.map(answer => answer.status))).toEqual(new Set([200]))
  })
})

describe('whoever asks too often', () => {
  beforeEach(forgetCounts)

  const guess = (headers = {}) =>
    direct.visitor().request('GET', `/api/sessions/${crypto.randomUUID()}`, undefined, headers)

  test.each([
    ['attempts', {}],
    ['the service token', { authorization: 'Bearer guessed' }],
    ['with invented addresses', { 'x-forwarded-for': '203.0.113.50' }],
  ])('guessing %s is told to wait, and /health goes on', async (_, headers) => {
    const guesses = await Promise.all(Array.from({ length: 120 }, () => guess(headers)))
    expect(guesses.map(answer => answer.status)).not.toContain(429)
    expectTooMany(await guess(headers))
    expectTooMany(await start(direct))
    const health = Array.from({ length: 150 }, () => direct.visitor().request('GET', '/health'))
    expect(new Set((await Promise.all(health)).map(answer => answer.status))).toEqual(new Set([200]))
  })

  test('is one address: others go on', async () => {
    const ask = (address: string) =>
      proxied.visitor().request('GET', '/api/page-settings', undefined, forwarded(address))
    await Promise.all(Array.from({ length: 120 }, () => ask('203.0.113.1')))
    expectTooMany(await ask('203.0.113.1'))
    expect((await ask('203.0.113.2')).status).toBe(200)
  })
})

describe('WebSockets', () => {
  beforeEach(forgetCounts)

  const open: WebSocket[] = []

  /** @returns the status of the handshake, 101 when it stands */
  async function connect(gateway: TestGateway, headers: Record<string, string>): Promise<number> {
    const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/ws`, { headers })
    open.push(socket)
    socket.on('error', () => {})
    return await new Promise(resolve => {
      socket.once('open', () => resolve(101))
      socket.once('unexpected-response', (_request, response) => {
        if (response.statusCode === 429) expect(Number(response.headers['retry-after'])).toBeGreaterThan(0)
        resolve(response.statusCode ?? 0)
        socket.terminate()
      })
    })
  }

  async function closeAll(): Promise<void> {
    for (const socket of open.splice(0)) {
      if (socket.readyState === WebSocket.CLOSED) continue
      const closed = once(socket, 'close')
      socket.terminate()
      await closed
    }
  }

  /** Attempts of visitors from different addresses; their sockets stay open. */
  async function cookieFrom(address: string): Promise<string> {
    const visitor = proxied.visitor()
    await visitor.request('POST', '/api/sessions/start', {}, forwarded(address))
    return visitor.cookie ?? ''
  }

  test('of one address are four, and there is room when one closes', async () => {
    const address = '203.0.113.1'
    const headers = { ...forwarded(address), cookie: await cookieFrom(address) }
    for (let i = 0; i < 4; i++) expect(await connect(proxied, headers)).toBe(101)
    expect(await connect(proxied, headers)).toBe(429)
    expect(await connect(proxied, { ...headers, ...forwarded('198.51.100.1', address) })).toBe(429)
    await closeAll()
    await expect.poll(() => connect(proxied, headers)).toBe(101)
    await closeAll()
  })

  test('of all of an IPv6 /48 are sixteen, four of each /64', async () => {
    for (let subnet = 1; subnet <= 4; subnet++) {
      const address = `2001:db8:1:${subnet}::1`
      const headers = { ...forwarded(address), cookie: await cookieFrom(address) }
      for (let i = 0; i < 4; i++) expect(await connect(proxied, headers)).toBe(101)
      expect(await connect(proxied, headers)).toBe(429)
    }
    expect(await connect(proxied, forwarded('2001:db8:1:ffff::1'))).toBe(429)
    expect(await connect(proxied, forwarded('2001:db8:2:ffff::1'))).toBe(101)
    await closeAll()
  })

  test('of one attempt are five, from wherever they come', async () => {
    const cookie = await cookieFrom('203.0.113.1')
    for (let i = 0; i < 5; i++) expect(await connect(proxied, { ...forwarded(`203.0.113.${i}`), cookie })).toBe(101)
    expect(await connect(proxied, { ...forwarded('203.0.113.77'), cookie })).toBe(429)
    await closeAll()
  })

  test('that are refused or broken off leave nothing counted', async () => {
    const headers = forwarded('203.0.113.1')
    for (let i = 0; i < 10; i++) {
      expect(await connect(proxied, { ...headers, origin: 'https://elsewhere.example' })).toBe(403)
      const handshake = ['GET /ws HTTP/1.1', 'Host: 127.0.0.1', 'Upgrade: websocket', 'Connection: Upgrade']
      const broken = [...handshake, 'X-Forwarded-For: 203.0.113.1', 'Sec-WebSocket-Version: 1', '', '']
      expect((await sendRaw(proxied.url, broken.join('\r\n'))).status).toBe(400)
    }
    const cookie = await cookieFrom('203.0.113.1')
    expect(await connect(proxied, { ...headers, cookie })).toBe(101)
    await closeAll()
  })
})
