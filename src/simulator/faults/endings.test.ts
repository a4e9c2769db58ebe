import { connect, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Phone } from '../control-surface.js'
import { linkClient, RawAccount, RawClient } from '../raw-client.fixture.js'
import { startSimulator, type Simulator } from '../simulator.js'
import type { FaultParams } from './fault.js'

let simulator: Simulator
let ada: Phone
let account: RawAccount
let device: FaultParams

beforeAll(async () => {
  simulator = await startSimulator()
  ada = await simulator.phone('49151000080')
  const client = await linkClient(simulator, ada)
  account = client.account
  device = { phone: ada.phoneNumber, device: 1 }
  await client.close()
})

afterAll(async () => {
  await simulator.assertClean()
  await simulator.stop()
})

afterEach(async () => {
  await simulator.fault('clear-faults')
})

const register = (): RawClient => new RawClient(simulator, new RawAccount())
const login = (): RawClient => new RawClient(simulator, account)

const FAILURES: FaultParams[] = [
  { reason: 401 },
  { reason: 402, code: 101, expire: 3600 },
  { reason: 403, logout_message_header: 'Locked', logout_message_subtext: 'Open WhatsApp on your phone' },
  { reason: 405, location: 'cln' },
  { reason: 406 },
  { reason: 409 },
  { reason: 413 },
  { reason: 414 },
  { reason: 415 },
  { reason: 418 },
  { reason: 429 },
  { reason: 500 },
  { reason: 501 },
  { reason: 503 },
]

/** Fault, its parameters, and the code Baileys ends with. */
const ENDINGS: [string, FaultParams, number][] = [
  ['stream-error', { code: 401, conflict: 'device_removed' }, 401],
  ['stream-error', { conflict: 'replaced' }, 440],
  ['stream-error', { code: 500 }, 500],
  ['stream-error', { code: 503 }, 503],
  ['stream-error', { code: 515 }, 515],
  ['stream-error', { code: 516 }, 516],
  ['stream-error', { child: 'weird' }, 500],
  ['stream-error', { child: 'ack', id: 'ABC' }, 500],
  ['stream-error', { child: 'xml-not-well-formed' }, 500],
  ['stream-error', {}, 500],
  ['stream-end', {}, 428],
  ['downgrade', {}, 411],
  ['drop', {}, 428],
]

function attributes(params: FaultParams): Record<string, string> {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)]))
}

describe('a failure', () => {
  test.each(FAILURES)('$reason meets a login', async params => {
    await simulator.fault('fail-next-login', { ...device, ...params })
    expect(await login().closed()).toBe(params['reason'])
    const [failure] = (await simulator.ledger({ tag: 'failure', account: ada.phoneNumber })).slice(-1)
    expect(failure?.attrs).toMatchObject(attributes(params))
    await (await login().open()).close()
  })

  test.each(FAILURES)('$reason meets a registration', async params => {
    await simulator.fault('fail-registration', params)
    expect(await register().closed()).toBe(params['reason'])
    const next = register()
    await next.qr()
    await next.close()
  })

  test('stays for everybody until it is cleared', async () => {
    await simulator.fault('fail-next-login', { reason: 405, always: true })
    await simulator.fault('fail-registration', { reason: 405, always: true })
    for (const client of [login(), register(), login(), register()]) expect(await client.closed()).toBe(405)
    await simulator.fault('clear-faults')
    await (await login().open()).close()
  })
})

describe.each(ENDINGS)('%s %j', (name, params, code) => {
  test('ends an open connection', async () => {
    const client = await login().open()
    await simulator.fault(name, { ...params, ...device })
    expect(await client.closed()).toBe(code)
  })

  test('ends a login', async () => {
    await simulator.fault(name, { ...params, ...device, at: 'login' })
    expect(await login().closed()).toBe(code)
  })

  test.each(['registration', 'qr', 'scan'])('ends a link at %s', async at => {
    await simulator.fault(name, { ...params, at })
    const client = register()
    if (at === 'scan') {
      const ben = await simulator.phone('49151000081')
      await ben.scan(await client.qr())
    }
    expect(await client.closed()).toBe(code)
  })

  test('ends whatever waits to be linked', async () => {
    const client = register()
    await client.qr()
    await simulator.fault(name, { ...params, at: 'registering' })
    expect(await client.closed()).toBe(code)
  })
})

describe('a fault', () => {
  test('at an unknown moment, or for the phone of a connection nobody knows yet, is an error', async () => {
    for (const params of [{ at: 'noon' }, { at: 'look' }, { at: 'qr', phone: ada.phoneNumber }]) {
      await expect(simulator.fault('drop', params)).rejects.toMatchObject({ code: 'bad_request' })
    }
    for (const name of ['code-answer', 'fail-registration', 'device-limit', 'code-lifetime']) {
      await expect(simulator.fault(name)).rejects.toMatchObject({ code: 'bad_request' })
    }
    await expect(simulator.fault('upgrade-status', { status: 99 })).rejects.toMatchObject({ code: 'bad_request' })
    await expect(simulator.fault('rotate-registration', { spelling: 'x' })).rejects.toMatchObject({
      code: 'bad_request',
    })
    await expect(simulator.fault('device-limit', { max: 1, phone: '1' })).rejects.toMatchObject({ code: 'bad_request' })
  })
})

type Answer = { status: number; headers: Record<string, string | undefined> }

async function turnedAway(): Promise<Answer> {
  const client = register()
  const answer = await new Promise<Answer>(resolve => {
    client.sock.ws.on('unexpected-response', (_request: unknown, { statusCode, headers }: RawAnswer) =>
      resolve({ status: statusCode, headers }),
    )
  })
  await client.close()
  return answer
}

type RawAnswer = { statusCode: number; headers: Record<string, string | undefined> }

describe('an upgrade', () => {
  test.each([200, 302, 401, 403, 405, 429, 503])('is answered with %i', async status => {
    await simulator.fault('upgrade-status', { status, location: 'http://127.0.0.1:9/login', retryAfter: 30 })
    const answer = await turnedAway()
    expect(answer.status).toBe(status)
    expect(answer.headers).toMatchObject({ location: 'http://127.0.0.1:9/login', 'retry-after': '30' })
    await simulator.fault('upgrade-status', { status: 0 })
    await (await login().open()).close()
  })

  test('is reset', async () => {
    await simulator.fault('upgrade-reset')
    const client = register()
    expect(await client.closed()).toBe(408)
    await simulator.fault('upgrade-reset', { off: true })
  })

  test('is never answered, and stopping the simulator ends the wait', async () => {
    await using other = await startSimulator()
    await other.fault('upgrade-silence')
    const waiting = upgrade(other)
    const left = upgrade(other)
    await left.asked
    left.socket.destroy()
    await waiting.asked
    // a round trip that began later: the upgrade has been read by now
    expect((await fetch(other.url.replace('ws:', 'http:'))).status).toBe(404)
    await other.fault('upgrade-silence', { off: true })
    const passing = upgrade(other)
    expect(String(await passing.data)).toMatch(/^HTTP\/1.1 101/)
    expect(waiting.socket.bytesRead).toBe(0)
    await other.stop()
    await waiting.closed
  })
})

type Upgrade = { socket: Socket; asked: Promise<void>; data: Promise<Buffer>; closed: Promise<void> }

/** A websocket upgrade by hand. */
function upgrade({ url }: Simulator): Upgrade {
  const { hostname, port, pathname } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  const headers = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
  const lines = [`GET ${pathname} HTTP/1.1`, `Host: ${hostname}`, ...headers, `Sec-WebSocket-Key: ${'a'.repeat(22)}==`]
  return {
    socket,
    asked: new Promise(resolve => socket.write([...lines, '', ''].join('\r\n'), () => resolve())),
    data: new Promise(resolve => socket.once('data', resolve)),
    closed: new Promise(resolve => socket.once('close', () => resolve())),
  }
}
