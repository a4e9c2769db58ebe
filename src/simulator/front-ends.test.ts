import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Phone } from './control-surface.js'
import { linkClient, RawClient, type RawAccount } from './raw-client.fixture.js'
import { startSimulator, type Simulator } from './simulator.js'

let simulator: Simulator
let ada: Phone
let account: RawAccount

beforeAll(async () => {
  simulator = await startSimulator({ frontEnds: 3 })
  ada = await simulator.phone('49151000301')
  const client = await linkClient(simulator, ada)
  account = client.account
  await client.close()
})

afterAll(async () => {
  await simulator.assertClean()
  await simulator.stop()
})

/** A login by the front end of this number. */
function login(frontEnd: number): RawClient {
  const url = `${simulator.urls[frontEnd] ?? ''}?via=node-${frontEnd}`
  return new RawClient({ url, rootKey: simulator.rootKey }, account)
}

test('every front end leads to the same accounts, and says who came by it', async () => {
  expect(new Set(simulator.urls).size).toBe(3)
  for (const frontEnd of [0, 1, 2]) {
    const client = await login(frontEnd).open()
    const [span] = (await simulator.connections({ account: ada.phoneNumber })).slice(-1)
    expect(span).toMatchObject({ frontEnd, via: `node-${frontEnd}`, device: 1 })
    await client.close()
  }
})

test.each([
  ['stream-error', 503],
  ['reset', 428],
] as const)('a restart ends its own connections by %s, refuses others meanwhile, and comes back', async (how, code) => {
  const client = await login(1).open()
  const back = simulator.restartFrontEnd(1, { forMs: 300, how })
  expect(await client.closed()).toBe(code)
  expect(await login(1).closed()).toBe(408)
  const elsewhere = await login(0).open()
  await elsewhere.close()
  await back
  await (await login(1).open()).close()
})

test('all restart one after the other', async () => {
  const client = await login(2).open()
  await simulator.restartAll({ staggerMs: 20, forMs: 20, how: 'mixed' })
  expect([428, 503]).toContain(await client.closed())
  for (const frontEnd of [0, 1, 2]) await (await login(frontEnd).open()).close()
})

test('a front end that does not exist cannot be restarted', async () => {
  await expect(simulator.restartFrontEnd(7)).rejects.toMatchObject({ code: 'bad_request' })
})
