import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Phone } from '../control-surface.js'
import { linkClient, RawAccount, RawClient } from '../raw-client.fixture.js'
import { bigEndian } from '../wire/node-codec.js'
import { startSimulator, type Simulator } from '../simulator.js'
import type { DeviceFaults } from './device-faults.js'

let simulator: Simulator
let ada: Phone
let ben: Phone
let client: RawClient
let faults: DeviceFaults

beforeAll(async () => {
  simulator = await startSimulator()
  ada = await simulator.phone('49151000031')
  ben = await simulator.phone('49151000032')
  client = await linkClient(simulator, ada)
  faults = simulator.device(ada.phoneNumber, 1)
})

afterAll(async () => {
  await client.close()
  await simulator.stop()
})

async function reconnect(options: ConstructorParameters<typeof RawClient>[2] = {}): Promise<void> {
  client = await new RawClient(simulator, client.account, options).open()
}

describe('a fault', () => {
  test('ends the connection the way it says', async () => {
    faults.drop()
    expect(await client.closed()).toBe(428)
    await reconnect()
    faults.streamError(503)
    expect(await client.closed()).toBe(503)
    faults.failNextLogin(405)
    expect(await new RawClient(simulator, client.account).closed()).toBe(405)
    await reconnect()
  })

  test('refuses one message by its ack, and lets the next one pass', async () => {
    faults.refuseNextMessage(479)
    const refused = await client.sock.sendMessage(ben.jid, { text: 'refused' })
    const id = refused?.key.id ?? ''
    expect((await simulator.waitForStanza({ direction: 'out', tag: 'ack', id })).attrs['error']).toBe('479')
    await client.sock.sendMessage(ben.jid, { text: 'taken' })
    await ben.waitForMessage({ text: 'taken' })
    expect((await ben.messages()).map(({ text }) => text)).not.toContain('refused')
  })

  test('drains the pre-keys, and the client refills them', async () => {
    faults.drainPreKeys(1)
    await expect.poll(async () => (await ada.devices())[0]?.preKeysOnServer).toBeGreaterThanOrEqual(5)
  })

  test('is not needed for a client to hear that its keys run low', async () => {
    faults.drainPreKeys(5)
    expect((await ada.devices())[0]?.preKeysOnServer).toBe(5)
    const stranger = await simulator.phone('49151000033')
    const { seq } = (await simulator.ledger()).at(-1) ?? { seq: 0 }
    await stranger.send(ada, 'takes one')
    const low = {
      direction: 'out',
      tag: 'notification',
      type: 'encrypt',
      account: ada.phoneNumber,
      since: seq,
    } as const
    expect((await simulator.waitForStanza(low)).path).toEqual(['count'])
    await expect.poll(async () => (await ada.devices())[0]?.preKeysOnServer).toBeGreaterThanOrEqual(9)
  })

  test('turns the upgrade away', async () => {
    await simulator.fault('upgrade-status', { status: 403 })
    const turnedAway = new RawClient(simulator, new RawAccount())
    const status = await new Promise<number>(resolve => {
      turnedAway.sock.ws.on('unexpected-response', (_request: unknown, response: { statusCode: number }) =>
        resolve(response.statusCode),
      )
    })
    expect(status).toBe(403)
    await simulator.fault('upgrade-status', { status: 0 })
    await turnedAway.close()
  })

  test('of an unknown name, device or parameter is an error', async () => {
    await expect(simulator.fault('earthquake')).rejects.toMatchObject({ code: 'unknown_fault' })
    await expect(simulator.fault('drop', { phone: '1', device: 1 })).rejects.toMatchObject({ code: 'unknown_device' })
    const refused = { code: 'bad_request' }
    await expect(simulator.fault('drop', { phone: ada.phoneNumber })).rejects.toMatchObject(refused)
    for (const name of ['reject-stanza', 'withhold-offline-end'])
      await expect(simulator.fault(name, { phone: ada.phoneNumber, device: '1' })).rejects.toMatchObject(refused)
    const device = { phone: ada.phoneNumber, device: 1 }
    await expect(simulator.fault('drain-pre-keys', { ...device, leave: 'five' })).rejects.toMatchObject(refused)
  })

  test('leaves keepalives unanswered', async () => {
    await client.close()
    await reconnect({ keepAliveIntervalMs: 300 })
    await simulator.waitForStanza({ direction: 'out', tag: 'iq', id: (await firstPing()).id ?? '' })
    faults.pausePings()
    const paused = await firstPing((await simulator.ledger()).at(-1)?.seq ?? 0)
    const answers = await simulator.ledger({ direction: 'out', id: paused.id ?? '' })
    expect(answers).toEqual([])
    await simulator.fault('clear-faults')
    const { id = '' } = await firstPing((await simulator.ledger()).at(-1)?.seq ?? 0)
    await simulator.waitForStanza({ direction: 'out', tag: 'iq', id })
  })
})

function firstPing(since = 0): ReturnType<Simulator['waitForStanza']> {
  return simulator.waitForStanza({ direction: 'in', tag: 'iq', child: 'ping', since })
}

describe('holds', () => {
  test('keep a stanza and everything behind it, in order', async () => {
    const hold = await simulator.hold({ direction: 'in', tag: 'message', account: ada.phoneNumber })
    await client.sock.sendMessage(ben.jid, { text: 'held' })
    expect(await hold.reached).toMatchObject({ tag: 'message', account: ada.phoneNumber, device: 1 })
    await client.sock.sendMessage(ben.jid, { text: 'behind' })
    expect((await ben.messages()).map(({ text }) => text)).not.toContain('held')
    await hold.release()
    await ben.waitForMessage({ text: 'behind' })
    expect((await ben.messages()).map(({ text }) => text).slice(-2)).toEqual(['held', 'behind'])
  })

  test('can throw away what they held', async () => {
    const hold = await simulator.hold({ direction: 'in', tag: 'message', account: ada.phoneNumber })
    await client.sock.sendMessage(ben.jid, { text: 'into the void' })
    await hold.reached
    await hold.drop()
    await client.sock.sendMessage(ben.jid, { text: 'after the void' })
    await ben.waitForMessage({ text: 'after the void' })
    expect((await ben.messages()).map(({ text }) => text)).not.toContain('into the void')
  })

  test('nobody met can be cancelled', async () => {
    const hold = await simulator.hold({ tag: 'no-such-tag' })
    await hold.release()
    await expect(hold.reached).rejects.toMatchObject({ code: 'stopped' })
  })
})

describe('what should not happen', () => {
  test('nothing so far', async () => {
    await simulator.assertClean()
  })

  test('a stanza nobody knows is answered, and fails the test', async () => {
    await client.sock.query({ tag: 'iq', attrs: { to: '@s.whatsapp.net', type: 'get', xmlns: 'w:nonsense' } })
    await expect(simulator.assertClean()).rejects.toThrow(/unhandled .*get w:nonsense/)
  })

  test('a pre-key id uploaded twice with different bytes is a violation', async () => {
    const { creds } = client.account
    const upload = (value: number): Promise<unknown> =>
      client.sock.query({
        tag: 'iq',
        attrs: { to: '@s.whatsapp.net', type: 'set', xmlns: 'encrypt' },
        content: [
          {
            tag: 'registration',
            attrs: {},
            content: bigEndian(creds.registrationId, 4),
          },
          { tag: 'type', attrs: {}, content: Buffer.from([5]) },
          { tag: 'identity', attrs: {}, content: creds.signedIdentityKey.public },
          {
            tag: 'list',
            attrs: {},
            content: [
              {
                tag: 'key',
                attrs: {},
                content: [
                  { tag: 'id', attrs: {}, content: bigEndian(3, 3) },
                  { tag: 'value', attrs: {}, content: Buffer.alloc(32, value) },
                ],
              },
            ],
          },
          {
            tag: 'skey',
            attrs: {},
            content: [
              { tag: 'id', attrs: {}, content: bigEndian(creds.signedPreKey.keyId, 3) },
              { tag: 'value', attrs: {}, content: creds.signedPreKey.keyPair.public },
              { tag: 'signature', attrs: {}, content: creds.signedPreKey.signature },
            ],
          },
        ],
      })
    await upload(1)
    await upload(1)
    const details = (await simulator.problems()).map(({ detail }) => detail)
    expect(details).toContain('pre-key 3 uploaded twice with different bytes')
  })
})

test('a garbage frame leaves the client deaf, not the simulator', async () => {
  const failed = new Promise(resolve => process.once('unhandledRejection', resolve))
  faults.sendGarbageFrame()
  await failed
  await client.close()
  await reconnect()
  await ben.send(ada, 'after the garbage')
  await client.text('after the garbage')
})
