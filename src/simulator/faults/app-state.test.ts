import { afterAll, beforeEach, beforeAll, expect, test, vi } from 'vitest'
import type { Phone } from '../control-surface.js'
import { mediaFrom, RawClient, seededAccount, type RawAccount } from '../raw-client.fixture.js'
import { startSimulator, type Simulator } from '../simulator.js'

let simulator: Simulator
let ada: Phone
let account: RawAccount
let accounts = 0

beforeAll(async () => {
  simulator = await startSimulator()
})

beforeEach(async () => {
  const firstNumber = String(491600003000 + accounts++)
  ;({ account, phone: ada } = await seededAccount(simulator, firstNumber))
})

afterAll(async () => {
  await simulator.assertClean()
  await simulator.stop()
})

/** A client that believes no patch whose MACs are wrong. */
async function login(): Promise<RawClient> {
  return new RawClient(simulator, account, { appStateMacVerification: { patch: true, snapshot: true } }).open()
}

/** The version of the collection the client has reached, and how many values it believes are in it. */
async function held(): Promise<{ version: unknown; values: number }> {
  const stored = await account.keys.get('app-state-sync-version', ['regular'])
  const state = stored['regular']
  return { version: state?.version, values: Object.keys(state?.indexValueMap ?? {}).length }
}

const reads = (): Promise<unknown[]> =>
  simulator.ledger({ direction: 'in', xmlns: 'w:sync:app:state', account: ada.phoneNumber })

test('what a phone writes is believed by a client that checks every MAC', async () => {
  const client = await login()
  await simulator.fault('app-state', { phone: ada.phoneNumber, count: 3 })
  await vi.waitFor(async () => expect(await held()).toEqual({ version: 1, values: 3 }))
  await simulator.fault('app-state', { phone: ada.phoneNumber, count: 2500 })
  await vi.waitFor(async () => expect(await held()).toEqual({ version: 4, values: 2500 }), { timeout: 10_000 })
  await client.close()
})

test('values that lie on the media server are fetched there', async () => {
  const client = await new RawClient(simulator, account, { options: mediaFrom(simulator.mediaUrl) }).open()
  await simulator.fault('app-state', { phone: ada.phoneNumber, count: 3, file: 'patch' })
  await vi.waitFor(async () => expect(await held()).toEqual({ version: 1, values: 3 }))
  await client.close()
})

test('a patch under an unknown key is not read, and later ones neither', async () => {
  const client = await login()
  await simulator.fault('app-state', { phone: ada.phoneNumber, flaw: 'missing-key' })
  await vi.waitFor(async () => expect((await reads()).length).toBeGreaterThanOrEqual(2))
  expect(await held()).toEqual({ version: undefined, values: 0 })
  await client.close()
})

test('a patch with wrong MACs is not believed', async () => {
  const client = await login()
  await simulator.fault('app-state', { phone: ada.phoneNumber, flaw: 'wrong-mac' })
  await vi.waitFor(async () => expect(await held()).toEqual({ version: 1, values: 0 }))
  await client.close()
})

test('a collection can go on for ever', async () => {
  const client = await login()
  await simulator.fault('endless-app-state', { phone: ada.phoneNumber })
  await vi.waitFor(async () => expect((await reads()).length).toBeGreaterThan(20), { timeout: 10_000 })
  await simulator.fault('endless-app-state', { phone: ada.phoneNumber, off: true })
  await client.close()
})
