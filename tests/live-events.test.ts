import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SessionId, WorkspaceId } from '../src/contract/ids.js'
import { openDatabase } from '../src/backend/database/database.js'
import { prepareAppRole } from '../src/backend/database/roles.js'
import { createTenants } from '../src/backend/database/tenant-transaction.js'
import { createEventLog } from '../src/backend/events/event-log.js'
import { createVault } from '../src/backend/vault/vault.js'
import { openSocket, sendRaw } from './support/raw-request.js'
import { Rows } from './support/rows.js'
import { TestGateway } from './support/test-gateway.js'
import { LiveEvents, type Visitor } from './support/visitor.js'

let gateway: TestGateway
let rows: Rows

beforeAll(async () => {
  gateway = await TestGateway.start()
  rows = new Rows(gateway.database.ownerUrl)
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
})

async function link(number: string): Promise<{ visitor: Visitor; sessionId: string; events: LiveEvents }> {
  const visitor = gateway.visitor()
  const phone = await gateway.simulator.phone(number)
  const { sessionId, qrCode } = await visitor.start()
  const events = visitor.listen()
  await phone.scanPicture(Buffer.from(qrCode.split(',')[1] ?? '', 'base64'))
  await events.waitForEvent('complete')
  return { visitor, sessionId, events }
}

const clients = async () => (await gateway.visitor().request('GET', '/health')).body['websocketClients']

const upgrade = (path: string, ...headers: string[]) =>
  [
    `GET ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
    '\r\n',
  ].join('\r\n')

describe('who may listen', () => {
  test('a page of this server and a program, but no page of another site', async () => {
    const visitor = gateway.visitor()
    await visitor.start()
    for (const headers of [{}, { origin: gateway.url }]) {
      const events = new LiveEvents(gateway.url, visitor.cookie, undefined, headers)
      await events.waitForEvent('qr_code')
      events.socket.close()
    }
    for (const origin of ['https://evil.example', 'null', 'nonsense', `${gateway.url}.evil.example`]) {
      const { status } = await sendRaw(gateway.url, upgrade('/ws', `Origin: ${origin}`, `Cookie: ${visitor.cookie}`))
      expect(status, origin).toBe(403)
    }
    const crossSite = upgrade('/ws', 'Sec-Fetch-Site: cross-site', `Cookie: ${visitor.cookie}`)
    expect((await sendRaw(gateway.url, crossSite)).status).toBe(403)
  })

  test('only who has a cookie with an attempt', async () => {
    for (const cookie of [
      null,
      'whizlite-attempt=',
      `whizlite-attempt=${'A'.repeat(43)}`,
      'whizlite-attempt=%zz; =;;',
    ]) {
      expect(await new LiveEvents(gateway.url, cookie).closed).toBe(4404)
    }
  })

  test('and nobody hears of the attempt of another', async () => {
    const bystander = gateway.visitor()
    const own = await bystander.start()
    const heard = bystander.listen()
    await heard.waitForEvent('qr_code')
    const other = await link('254733000001')
    await gateway.visitor(bystander.cookie).request('DELETE', `/api/sessions/${own.sessionId}`)
    await heard.waitForEvent('link_ended')
    const about = heard.all().map(({ data }) => (data as { sessionId: string }).sessionId)
    expect(new Set(about)).toEqual(new Set([own.sessionId]))
    heard.socket.close()
    other.events.socket.close()
  })
})

describe('who comes back', () => {
  test('with the last number it has seen hears all the rest, nothing twice', async () => {
    const { visitor, events } = await link('254733000002')
    events.socket.close()
    // the code is shown no more, so its place is all there is of it
    const told = events.all().filter(({ event }) => event !== 'qr_code')
    expect(told.map(({ seq }) => seq)).toEqual(told.map(({ seq }) => seq).toSorted((a, b) => a - b))
    for (const [index, { seq }] of told.slice(0, -1).entries()) {
      const again = visitor.listen(seq)
      await again.waitForEvent('complete')
      expect(again.all()).toEqual(told.slice(index + 1))
      again.socket.close()
    }
  })

  test.each(['-1', 'abc', '1e9', '99999999999999999999999', '', '%00', '0x1'])(
    'with ?after=%s is told everything from the beginning',
    async after => {
      const { visitor, events } = await listenRaw(after)
      await events.waitForEvent('qr_code')
      events.socket.close()
      await visitor.request('DELETE', `/api/sessions/${(await visitor.view()).sessionId}`)
    },
  )

  async function listenRaw(after: string) {
    const visitor = gateway.visitor()
    await visitor.start()
    const events = new LiveEvents(gateway.url, visitor.cookie, after as unknown as number)
    return { visitor, events }
  }
})

describe('a listener that misbehaves', () => {
  test.each([
    ['a large text', 'x'.repeat(1_000_000)],
    ['a large binary', Buffer.alloc(1_000_000)],
  ])('by sending %s is cut off', async (_, frame) => {
    const visitor = gateway.visitor()
    await visitor.start()
    const events = visitor.listen()
    await events.waitForEvent('qr_code')
    events.socket.send(frame)
    expect(await events.closed).toBe(1009)
  })

  test('by saying things is not listened to', async () => {
    const visitor = gateway.visitor()
    const { sessionId } = await visitor.start()
    const events = visitor.listen()
    await events.waitForEvent('qr_code')
    for (const words of ['', '{', '{"subscribe":"*"}', Buffer.from([0, 255])]) events.socket.send(words)
    await visitor.request('DELETE', `/api/sessions/${sessionId}`)
    await events.waitForEvent('link_ended')
    events.socket.close()
  })

  test('by not reading is cut off, and finds the rest when it comes back', async () => {
    const visitor = gateway.visitor()
    const { sessionId } = await visitor.start()
    const events = visitor.listen()
    await events.waitForEvent('qr_code')
    events.socket.pause()
    const total = 400
    await tellMuch(sessionId, total)
    await expect
      .poll(() => gateway.logLines.some(line => line.includes('feed_cut_off')), { timeout: 20_000 })
      .toBe(true)
    events.socket.resume()
    expect(await events.closed).toBe(4408)
    const last = events.all().at(-1)?.seq ?? 0
    expect(events.all().length).toBeLessThan(total)
    const rest = visitor.listen(last)
    await rest.waitFor(({ data }) => (data as { reason?: string }).reason?.startsWith(`${total - 1} `) === true)
    const reasons = [...events.all(), ...rest.all()].filter(({ event }) => event === 'connection_lost')
    expect(reasons.map(({ data }) => Number.parseInt((data as { reason: string }).reason, 10))).toEqual(
      Array.from({ length: total }, (_, i) => i),
    )
    rest.socket.close()
  })

  /** As many large events of this session as no operating system keeps for a reader. */
  async function tellMuch(sessionId: string, count: number): Promise<void> {
    const { sessionSecret: secret } = gateway.config
    const database = openDatabase({ url: await prepareAppRole({ ownerUrl: gateway.database.ownerUrl, secret }) })
    const tenants = createTenants(database)
    const log = createEventLog({ vault: createVault({ secret }) })
    const [row] = await rows.query<{ workspace_id: string }>(
      `select workspace_id from link_attempts where session_id = $1`,
      [sessionId],
    )
    const workspaceId = WorkspaceId.parse(row?.workspace_id)
    for (let i = 0; i < count; i++) {
      const data = {
        sessionId: SessionId.parse(sessionId),
        status: 'disconnected' as const,
        reason: `${i} ${'x'.repeat(60_000)}`,
      }
      await tenants.transact(
        { workspaceId },
        async tx => void (await log.append(tx, { event: 'connection_lost', data })),
      )
    }
    await database.close()
  }
})

describe('the door', () => {
  test.each([
    '//',
    '/ws/',
    '/ws/..',
    '/WS',
    '/',
    '/api/sessions/current',
    'http://',
    '/%zz',
    '*',
    '/\\',
    '//[',
    '/ws%00',
  ])('at %s is none', async path => {
    expect((await sendRaw(gateway.url, upgrade(path))).status).toBeGreaterThanOrEqual(400)
    expect((await gateway.visitor().request('GET', '/health')).status).toBe(200)
  })

  test('survives those who knock and run away', async () => {
    for (let i = 0; i < 50; i++) {
      const socket = await openSocket(gateway.url)
      socket.write(upgrade(i % 2 === 0 ? '/nowhere' : '/ws', 'Origin: https://evil.example'))
      socket.resetAndDestroy()
    }
    expect((await gateway.visitor().request('GET', '/health')).status).toBe(200)
  })

  test('counts who is there, and nobody who has left', async () => {
    const visitor = gateway.visitor()
    await visitor.start()
    await expect.poll(clients).toBe(0)
    const listeners = Array.from({ length: 3 }, () => visitor.listen())
    await Promise.all(listeners.map(events => events.waitForEvent('qr_code')))
    expect(await clients()).toBe(3)
    listeners[0]?.socket.close()
    listeners[1]?.socket.terminate()
    await expect.poll(clients).toBe(1)
    listeners[2]?.socket.close()
    await expect.poll(clients).toBe(0)
  })
})
