import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { Phone } from '../control-surface.js'
import { RawClient, seededAccount, type RawAccount } from '../raw-client.fixture.js'
import { startSimulator, type Simulator } from '../simulator.js'
import type { FaultParams } from './fault.js'

let simulator: Simulator
let ada: Phone
let ben: Phone
let account: RawAccount
let device: FaultParams

beforeAll(async () => {
  simulator = await startSimulator()
  ben = await simulator.phone('49151000341')
  ;({ account, phone: ada } = await seededAccount(simulator, '491600002000'))
  device = { phone: ada.phoneNumber, device: 1 }
})

afterEach(async () => {
  await simulator.fault('clear-faults')
})

afterAll(async () => {
  await simulator.assertClean()
  await simulator.stop()
})

/** Looks for life every 300 ms. */
const login = (): RawClient => new RawClient(simulator, account, { keepAliveIntervalMs: 300 })

/**
 * The code a dead line ends with. Baileys waits half a minute for the other side's goodbye after it has given up; whoever cuts the
 * socket underneath spares itself that.
 */
async function givenUp(client: RawClient): Promise<number> {
  await vi.waitFor(() => expect(client.sock.ws.isClosing || client.sock.ws.isClosed).toBe(true), { timeout: 15_000 })
  const socket: unknown = Reflect.get(client.sock.ws, 'socket')
  if (socket instanceof WebSocket) socket.terminate()
  return client.closed()
}

describe.each(['silence', 'half-open', 'partial-frame'])('%s', fault => {
  test('on an open connection is noticed by its keepalive alone, and nothing is lost', async () => {
    const client = await login().open()
    await simulator.fault(fault, device)
    await ben.send(ada, `during ${fault}`)
    expect(await givenUp(client)).toBe(408)
    const next = await login().open()
    await next.text(`during ${fault}`)
    await ada.waitForQuiet()
    await next.close()
  }, 20_000)
})

test('half-open TCP meets a login', async () => {
  await simulator.fault('half-open', { ...device, at: 'success' })
  const client = login()
  expect(await givenUp(client)).toBe(408)
  expect(client.seen('connection.update').some(({ connection }) => connection === 'open')).toBe(false)
  await (await login().open()).close()
}, 20_000)

test('a deaf connection answers keepalives and delivers nothing, until it hears again', async () => {
  const client = await login().open()
  await simulator.fault('deaf', device)
  await ben.send(ada, 'not heard')
  const ping = { direction: 'out', tag: 'iq', type: 'result', account: ada.phoneNumber } as const
  const since = (await simulator.ledger()).at(-1)?.seq
  for (let left = 3, after = since; left > 0; left--) {
    after = (await simulator.waitForStanza({ ...ping, since: after })).seq
  }
  expect(client.messages).toEqual([])
  await simulator.fault('deaf', { ...device, off: true })
  await client.text('not heard')
  await client.close()
})

test('deafness can meet every login', async () => {
  await simulator.fault('deaf', { ...device, at: 'syncing', always: true })
  await ben.send(ada, 'later')
  for (let round = 0; round < 2; round++) {
    const since = (await simulator.ledger()).at(-1)?.seq
    const client = await login().open()
    await simulator.waitForStanza({ direction: 'in', tag: 'iq', child: 'active', account: ada.phoneNumber, since })
    expect(client.messages).toEqual([])
    await client.close()
    await ada.waitForDevice('offline')
  }
  await simulator.fault('clear-faults')
  const client = await login().open()
  await client.text('later')
  await client.close()
})

test.each(['success', 'syncing', 'queue'])('every ending can come at %s', async at => {
  await ben.send(ada, `at ${at}`)
  await simulator.fault('stream-error', { ...device, code: 503, at })
  expect(await login().closed()).toBe(503)
  await simulator.fault('downgrade', { ...device, at })
  expect(await login().closed()).toBe(411)
  const client = await login().open()
  await vi.waitFor(async () => expect((await ada.devices())[0]?.waitingMessages).toEqual([]))
  await client.close()
})

test('an ending can come instead of the answer to a message, and nobody gets it', async () => {
  const client = await login().open()
  await simulator.fault('stream-error', { ...device, code: 500, at: 'message' })
  const sending = client.sock.sendMessage(ben.jid, { text: 'lost on the way' }).catch(() => undefined)
  expect(await client.closed()).toBe(500)
  await sending
  expect((await ben.messages()).map(({ text }) => text)).not.toContain('lost on the way')
})

test('a stanza can be illegal each time it comes, others pass', async () => {
  await simulator.fault('reject-stanza', { phone: ada.phoneNumber })
  const messageId = '3EB0AAAAAAAAAAAAAAAAAA'
  for (let round = 0; round < 2; round++) {
    const client = await login().open()
    const sending = client.sock.sendMessage(ben.jid, { text: 'poison' }, { messageId }).catch(() => undefined)
    expect(await client.closed()).toBe(500)
    await sending
  }
  const [farewell] = (await simulator.ledger({ tag: 'stream:error', child: 'ack' })).slice(-1)
  expect(farewell?.path).toEqual(['ack'])
  const client = await login().open()
  await client.sock.sendMessage(ben.jid, { text: 'wholesome' })
  await ben.waitForMessage({ text: 'wholesome' })
  await ada.waitForQuiet()
  await client.close()
})

test('an old client is refused until it is newer', async () => {
  await simulator.fault('fail-next-login', { reason: 405, always: true, below: '2.3000.2000000000' })
  expect(await login().closed()).toBe(405)
  const newer = new RawClient(simulator, account, { version: [2, 3000, 2_000_000_000] })
  await (await newer.open()).close()
})
