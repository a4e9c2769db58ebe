import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Phone } from '../control-surface.js'
import { RawClient, seededAccount, textOf, type RawAccount } from '../raw-client.fixture.js'
import { startSimulator, type Simulator } from '../simulator.js'
import type { FaultParams } from './fault.js'

let simulator: Simulator
let ada: Phone
let ben: Phone
let account: RawAccount
let device: FaultParams
let accounts = 0

beforeAll(async () => {
  simulator = await startSimulator({ seed: 'queue' })
  ben = await simulator.phone('49151000331')
})

beforeEach(async () => {
  const firstNumber = String(491600001000 + accounts++)
  ;({ account, phone: ada } = await seededAccount(simulator, firstNumber))
  device = { phone: ada.phoneNumber, device: 1 }
})

afterEach(async () => {
  await simulator.fault('clear-faults')
})

afterAll(async () => {
  await simulator.assertClean()
  await simulator.stop()
})

const login = (): RawClient => new RawClient(simulator, account)

/** Texts the client got, in the order it emitted them. */
function texts(client: RawClient): (string | undefined)[] {
  return client.messages.map(textOf).filter(text => text !== undefined)
}

async function queued(...bodies: string[]): Promise<string[]> {
  const ids: string[] = []
  for (const body of bodies) ids.push((await ben.send(ada, body)).id)
  return ids
}

async function waiting(): Promise<string[]> {
  const [info] = await ada.devices()
  return info?.waitingMessages ?? []
}

/** Every `<ib>` with the word that the queue is through. */
async function ends(): Promise<number> {
  return (await simulator.ledger({ direction: 'out', tag: 'ib', child: 'offline', account: ada.phoneNumber })).length
}

describe('the offline queue', () => {
  test('marks what waited from 0 up, and says at the end how much it was', async () => {
    await queued('one', 'two', 'three')
    const client = await login().open()
    await client.text('three')
    const sent = await simulator.ledger({ direction: 'out', tag: 'message', account: ada.phoneNumber, device: 1 })
    expect(sent.map(({ attrs }) => attrs['offline'])).toEqual(['0', '1', '2'])
    expect(await ends()).toBe(1)
    await ada.waitForQuiet()
    await client.close()
  })

  test('has no end when that is withheld, and messages go on coming', async () => {
    await simulator.fault('withhold-offline-end', device)
    await queued('waited')
    const client = await login().open()
    await ben.send(ada, 'live')
    await vi.waitFor(async () => expect(await waiting()).toEqual([]))
    expect(await ends()).toBe(0)
    await client.close()
  })

  test('is endless as long as the device takes it', async () => {
    await simulator.fault('endless-queue', { ...device, from: ben.phoneNumber })
    const client = login()
    const many = { direction: 'in', tag: 'receipt', account: ada.phoneNumber, device: 1 } as const
    await vi.waitFor(async () => expect((await simulator.ledger(many)).length).toBeGreaterThan(60), { timeout: 10_000 })
    expect(await ends()).toBe(0)
    await simulator.fault('endless-queue', { ...device, off: true })
    await client.close()
  })

  test('stays behind a message that is refused, over every login, until it is acknowledged plainly', async () => {
    await simulator.fault('tamper', device)
    await simulator.fault('stuck-queue', device)
    const [first = ''] = await queued('unreadable', 'behind it', 'and this')
    for (let round = 0; round < 2; round++) {
      const since = (await simulator.ledger()).at(-1)?.seq
      const client = await login().open()
      const refused = { direction: 'in', tag: 'ack', id: first, where: { error: '500' }, since } as const
      await simulator.waitForStanza(refused)
      expect(texts(client)).toEqual([])
      expect(await ends()).toBe(0)
      await client.close()
      await ada.waitForDevice('offline')
    }
    expect((await waiting()).length).toBeGreaterThanOrEqual(3)
    const client = await login().open()
    await client.sock.sendNode({ tag: 'ack', attrs: { id: first, class: 'message', to: ben.jid } })
    await client.text('behind it')
    await client.text('and this')
    expect(await ends()).toBe(1)
    await client.close()
  })

  test('comes again when the line was cut before its end', async () => {
    await queued('once', 'only')
    await simulator.fault('drop', { ...device, at: 'queue' })
    expect(await login().closed()).toBe(428)
    const client = await login().open()
    await vi.waitFor(async () => expect(await waiting()).toEqual([]))
    await client.close()
  })
})

describe('messages', () => {
  test('come several times', async () => {
    await simulator.fault('duplicate', { ...device, times: 3 })
    const [id] = await queued('thrice')
    const client = await login().open()
    await ada.waitForQuiet()
    const sent = await simulator.ledger({ direction: 'out', tag: 'message', account: ada.phoneNumber, device: 1 })
    expect(sent.map(entry => entry.id)).toEqual([id, id, id])
    expect(texts(client)).toEqual(['thrice'])
    await client.close()
  })

  test('come in another order, the same one for a seed', async () => {
    await simulator.fault('reorder', { ...device, count: 4 })
    const sent = await queued('a', 'b', 'c', 'd')
    const held = await waiting()
    expect(held).not.toEqual(sent)
    expect(held.toSorted()).toEqual(sent.toSorted())
    const client = await login().open()
    await ada.waitForQuiet()
    expect(new Set(texts(client))).toEqual(new Set(['a', 'b', 'c', 'd']))
    await client.close()
  })

  test('come compressed', async () => {
    const client = await login().open()
    await simulator.fault('compress', { ...device, count: 2 })
    await queued('small', 'plain')
    await client.text('plain')
    await client.text('small')
    await client.close()
  })
})

describe('one-time keys', () => {
  test('are refused as often as asked for, and taken then', async () => {
    simulator.device(ada.phoneNumber, 1).drainPreKeys()
    await simulator.fault('fail-pre-key-upload', { ...device, times: 2, code: 503 })
    const client = login()
    const upload = { direction: 'in', tag: 'iq', type: 'set', xmlns: 'encrypt', account: ada.phoneNumber } as const
    await vi.waitFor(
      async () => {
        expect((await simulator.ledger(upload)).length).toBeGreaterThanOrEqual(3)
        expect((await ada.devices())[0]?.preKeysOnServer).toBeGreaterThan(0)
      },
      { timeout: 20_000 },
    )
    await client.close()
  }, 30_000)

  test('are counted wrongly', async () => {
    await simulator.fault('pre-key-count', { ...device, value: 0 })
    const client = await login().open()
    await vi.waitFor(async () => expect((await ada.devices())[0]?.preKeysOnServer).toBeGreaterThan(30))
    await client.close()
  })
})
