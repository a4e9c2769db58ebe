import { afterAll, beforeAll, expect, test } from 'vitest'
import { EngineRig } from '../support/engine-rig.js'
import { appStateVersion, floodedAccount } from '../support/flooded-account.js'

let rig: EngineRig

beforeAll(async () => {
  rig = await EngineRig.start()
})

afterAll(() => rig[Symbol.asyncDispose]())

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
