import { afterAll, beforeAll, expect, test } from 'vitest'
import { RawAccount, RawClient } from '../raw-client.fixture.js'
import { startSimulator, type Simulator } from '../simulator.js'

let simulator: Simulator

beforeAll(async () => {
  simulator = await startSimulator({ seed: 'seeds' })
})

afterAll(async () => {
  await simulator.assertClean()
  await simulator.stop()
})

test('a seeded device logs in without uploading a key, and talks both ways', async () => {
  const { devices, sharedKeys } = await simulator.seedDevices({ count: 3, firstNumber: '491600000101' })
  expect(devices.map(({ phoneNumber }) => phoneNumber)).toEqual(['491600000101', '491600000102', '491600000103'])
  const [device, other] = devices
  if (!device || !other) throw new Error('no devices')
  const client = await new RawClient(simulator, RawAccount.seeded(device, sharedKeys)).open()
  const ben = await simulator.phone('49151000321')
  await ben.send(device.jid, 'hello')
  await client.text('hello')
  await client.sock.sendMessage(ben.jid, { text: 'answer' })
  await ben.waitForMessage({ text: 'answer' })
  const own = await simulator.phone(device.phoneNumber)
  await own.waitForMessage({ text: 'answer' })
  expect(await simulator.ledger({ child: 'registration', tag: 'iq', type: 'set' })).toEqual([])
  expect(await simulator.ledger({ type: 'retry' })).toEqual([])
  const second = await new RawClient(simulator, RawAccount.seeded(other, sharedKeys)).open()
  await second.sock.sendMessage(device.jid, { text: 'from one to another' })
  await client.text('from one to another')
  await second.close()
  await client.close()
})

test('contacts go on in sessions that exist', async () => {
  const options = { count: 2, contacts: 3, preKeys: 20, firstNumber: '491600000201', firstContact: '491700000201' }
  const { devices, sharedKeys, contacts } = await simulator.seedDevices(options)
  expect(contacts).toHaveLength(3)
  expect(Object.keys(sharedKeys['session'] ?? {})).toHaveLength(3)
  for (const device of devices) {
    const client = await new RawClient(simulator, RawAccount.seeded(device, sharedKeys)).open()
    for (const contact of contacts) {
      const phone = await simulator.phone(contact.phoneNumber)
      const text = `from ${contact.phoneNumber} to ${device.phoneNumber}`
      await phone.send(device.jid, text)
      await client.text(text)
      await client.sock.sendMessage(contact.jid, { text: `back ${text}` })
      await phone.waitForMessage({ text: `back ${text}` })
    }
    const [info] = await (await simulator.phone(device.phoneNumber)).devices()
    expect(info).toMatchObject({ preKeysOnServer: 20, online: true })
    await client.close()
  }
  expect(await simulator.ledger({ type: 'retry' })).toEqual([])
})

test('the same seed makes the same keys', async () => {
  await using again = await startSimulator({ seed: 'seeds' })
  const options = { count: 1, preKeys: 6, firstNumber: '491600000301' }
  const [one, two] = [await simulator.seedDevices(options), await again.seedDevices(options)]
  expect(one.sharedKeys).toEqual(two.sharedKeys)
  await expect(again.seedDevices(options)).rejects.toMatchObject({ code: 'bad_request' })
  const overlapping = again.seedDevices({ ...options, count: 2, firstNumber: '491600000300' })
  await expect(overlapping).rejects.toMatchObject({ code: 'bad_request' })
  expect(await again.phones()).toHaveLength(1)
  await expect(again.seedDevices({ count: 0 })).rejects.toMatchObject({ code: 'bad_request' })
})
