import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Phone } from '../control-surface.js'
import { linkClient, mediaFrom, type RawClient } from '../raw-client.fixture.js'
import { startSimulator, type Simulator } from '../simulator.js'
import type { FaultParams } from './fault.js'

let simulator: Simulator
let ada: Phone
let ben: Phone
let phones = 0

beforeAll(async () => {
  simulator = await startSimulator()
  ben = await simulator.phone('49151000371')
})

beforeEach(async () => {
  ada = await simulator.phone(String(49151000372 + phones++))
})

afterAll(async () => {
  await simulator.assertClean()
  await simulator.stop()
})

async function linkedWith(params: FaultParams): Promise<RawClient> {
  await simulator.fault('history', { phone: ada.phoneNumber, ...params })
  return linkClient(simulator, ada, { options: mediaFrom(simulator.mediaUrl) })
}

const chats = (client: RawClient): number => client.seen('messaging-history.set').flatMap(set => set.chats).length

describe('a history on the media server', () => {
  test('is downloaded and read whole', async () => {
    const client = await linkedWith({ chats: 40, messages: 5 })
    await vi.waitFor(() => expect(chats(client)).toBe(40), { timeout: 10_000 })
    const messages = client.seen('messaging-history.set').flatMap(set => set.messages)
    expect(messages).toHaveLength(200)
    await client.close()
  })

  test.each([
    ['with wrong hashes', { wrongHash: true }],
    ['that is gone', { status: 410 }],
  ])('%s brings nothing', async (_how, params) => {
    const client = await linkedWith({ chats: 40, ...params })
    const asked = { direction: 'in', tag: 'receipt', type: 'peer_msg', account: ada.phoneNumber } as const
    await simulator.waitForStanza(asked)
    await ben.send(ada, 'meanwhile')
    expect(chats(client)).toBe(0)
    await client.close()
  })
})

test('a device that got no key for app state gets it later', async () => {
  await simulator.fault('withhold-app-state-key', { phone: ada.phoneNumber })
  const client = await linkClient(simulator, ada)
  await client.until(() => client.seen('messaging-history.set').length > 0, 'history')
  expect(client.account.creds.myAppStateKeyId).toBeUndefined()
  await simulator.fault('give-app-state-key', { phone: ada.phoneNumber, device: 1 })
  await client.until(() => client.account.creds.myAppStateKeyId, 'the key')
  await client.close()
})

test('for a device that does not exist it is refused', async () => {
  const unknown = simulator.fault('history', { phone: ada.phoneNumber, device: 7 })
  await expect(unknown).rejects.toMatchObject({ code: 'unknown_device' })
})
