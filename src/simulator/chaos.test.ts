import { expect, test, vi } from 'vitest'
import { serveControl } from './control/control-server.js'
import { connectSimulator } from './control/remote-simulator.js'
import type { ChaosAct } from './chaos-control.js'
import { RawAccount, RawClient } from './raw-client.fixture.js'
import { startSimulator } from './simulator.js'

/** The first things one seed brings about for ten devices that are offline, without their times. */
async function firstOf(seed: string): Promise<Omit<ChaosAct, 'at'>[]> {
  await using simulator = await startSimulator({ frontEnds: 2 })
  await simulator.seedDevices({ count: 10, preKeys: 6 })
  const chaos = await simulator.chaos({ seed, perSecond: 200 })
  await vi.waitFor(async () => expect((await chaos.acts()).length).toBeGreaterThan(40), { timeout: 10_000 })
  const acts = await chaos.stop()
  expect(acts.map(({ at }) => at)).toEqual(acts.map(({ at }) => at).toSorted((one, other) => one - other))
  return acts.slice(0, 40).map(({ at: _at, ...deed }) => deed)
}

test('a seed brings about the same things in the same order, another one others', async () => {
  const [once, again, other] = [await firstOf('one'), await firstOf('one'), await firstOf('two')]
  expect(again).toEqual(once)
  expect(other).not.toEqual(once)
  expect(new Set(once.map(({ kind }) => kind)).size).toBeGreaterThan(5)
})

test('what is stopped refuses nobody who logs in afterwards', async () => {
  await using simulator = await startSimulator()
  const { devices, sharedKeys } = await simulator.seedDevices({ count: 1, preKeys: 30 })
  const chaos = await simulator.chaos({ kinds: ['login-refused'], perSecond: 200 })
  await vi.waitFor(async () => expect(await chaos.acts()).not.toEqual([]))
  await chaos.stop()
  for (const device of devices) {
    const client = await new RawClient(simulator, RawAccount.seeded(device, sharedKeys)).open()
    await client.close()
  }
})

test('devices that always come back acknowledge everything in it', async () => {
  await using simulator = await startSimulator({ frontEnds: 2, seed: 'come back' })
  await using control = await serveControl(0, { simulator, stop: () => simulator.stop() })
  await using remote = await connectSimulator(control.url)
  const { devices, sharedKeys } = await remote.seedDevices({ count: 2, preKeys: 30 })
  const ben = await remote.phone('49151000381')
  const storm = { over: false }
  const lives = devices.map(async (device, place) => {
    const account = RawAccount.seeded(device, sharedKeys)
    while (!storm.over) {
      const client = new RawClient({ url: remote.urls[place] ?? remote.url, rootKey: remote.rootKey }, account)
      await client.until(
        () => storm.over || client.seen('connection.update').some(update => update.connection === 'close'),
        'an end',
        60_000,
      )
      await client.close()
    }
  })
  const kinds = ['cut', 'end', 'unavailable', 'unknown', 'login-refused', 'duplicate', 'reorder', 'front-end'] as const
  const chaos = await remote.chaos({ perSecond: 4, kinds })
  expect(chaos.seed).toBe('come back')
  const ids: string[] = []
  for (const device of devices) ids.push(...(await ben.sendMany(device.jid, 15)))
  await vi.waitFor(async () => expect((await chaos.acts()).length).toBeGreaterThan(8), { timeout: 20_000 })
  await chaos.stop()
  const phones = await Promise.all(devices.map(({ phoneNumber }) => remote.phone(phoneNumber)))
  await vi.waitFor(
    async () => {
      for (const phone of phones) expect(await phone.devices()).toMatchObject([{ online: true, waitingMessages: [] }])
    },
    { timeout: 30_000 },
  )
  storm.over = true
  // a device that is just coming back hears of the end by itself
  for (const { phoneNumber } of phones)
    await remote.fault('drop', { phone: phoneNumber, device: 1 }).catch(() => undefined)
  await Promise.all(lives)
  const delivered = await remote.ledger({ direction: 'out', tag: 'message', device: 1 })
  expect(delivered.map(({ id }) => id)).toEqual(expect.arrayContaining(ids))
  await remote.assertClean()
}, 90_000)
