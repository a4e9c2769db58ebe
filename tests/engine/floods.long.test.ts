import { afterAll, beforeAll, expect, test } from 'vitest'
import { EngineRig } from '../support/engine-rig.js'
import { appStateVersion, floodedAccount } from '../support/flooded-account.js'
import { usedHeap } from '../support/used-heap.js'

let rig: EngineRig

beforeAll(async () => {
  rig = await EngineRig.start()
})

afterAll(() => rig[Symbol.asyncDispose]())

test('ten thousand messages that nobody can read: every other chat is heard meanwhile, and memory does not grow with them', async () => {
  const { phone, logLines, talk } = await floodedAccount(rig)
  const peer = await rig.phone()
  const sizes = [usedHeap()]
  for (let half = 0; half < 2; half++) {
    for (let part = 0; part < 50; part++) {
      await peer.sendMany(phone, 100, { undecryptable: true })
      await talk(`beside the flood ${half} ${part}`)
    }
    await expect.poll(async () => (await phone.devices())[0]?.waitingMessages, { timeout: 60_000 }).toEqual([])
    sizes.push(usedHeap())
  }
  const [, middle = 0, last = 0] = sizes
  expect((last - middle) / 5_000).toBeLessThan(8_000)
  expect(logLines.length).toBeLessThanOrEqual(1)
}, 900_000)

test('twenty thousand changes of the account’s settings: messages are heard all the while', async () => {
  const { account, phone, talk } = await floodedAccount(rig)
  const closed = account.count('closed')
  const before = await appStateVersion(account)
  await rig.simulator.fault('app-state', { phone: phone.phoneNumber, count: 20_000 })
  let heard = 0
  while ((await appStateVersion(account)) < before + 20) await talk(`beside the settings ${heard++}`)
  expect(heard).toBeGreaterThan(0)
  expect(account.of('health').at(-1)?.health).toEqual({ appState: 'ok' })
  expect(account.count('closed')).toBe(closed)
}, 600_000)
