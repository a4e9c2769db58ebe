import { afterAll, beforeAll, expect, test } from 'vitest'
import { CopiedSession } from '../../scripts/storm/copied-session.js'
import { startSimulator, type Simulator } from '../../src/simulator/index.js'
import { RawAccount, RawClient } from '../../src/simulator/raw-client.fixture.js'

let simulator: Simulator

beforeAll(async () => {
  simulator = await startSimulator()
})

afterAll(() => simulator.stop())

test('a copy of a session throws it out, says nothing, and leaves what was sent for the session', async () => {
  const { devices, sharedKeys } = await simulator.seedDevices({ count: 1 })
  const [device] = devices
  if (device === undefined) throw new Error('no device was made')
  const session = await new RawClient(simulator, RawAccount.seeded(device, sharedKeys)).open()
  const phone = await simulator.phone(device.phoneNumber)
  await phone.waitForQuiet()
  const { url, rootKey } = simulator
  const copy = await CopiedSession.open({ url, rootKey, creds: device.creds })
  expect(await session.closed()).toBe(440)
  const [thrownOut, foreign, ...more] = await simulator.connections({ account: device.phoneNumber })
  expect(more).toEqual([])
  expect(thrownOut?.replacedBy).toBe(foreign?.connection)
  const friend = await simulator.phone('254700009999')
  const { id } = await friend.send(phone, 'for the session')
  await copy.close()
  expect((await phone.devices()).map(({ waitingMessages }) => waitingMessages)).toEqual([[id]])
  const said = await simulator.ledger({ direction: 'in', account: device.phoneNumber, device: device.deviceId })
  expect(said.filter(({ connection }) => connection === foreign?.connection)).toEqual([])
})

test('a copy of a device that is not linked is refused', async () => {
  const { url, rootKey } = simulator
  const creds = JSON.stringify(new RawAccount().creds)
  await expect(CopiedSession.open({ url, rootKey, creds })).rejects.toThrow()
})
