import { expect, test } from 'vitest'
import { linkClient, RawClient, textOf } from '../raw-client.fixture.js'
import { startSimulator } from '../simulator.js'

test('what a stranger forges reaches the device, and a client that looks at the sender drops it', async () => {
  await using simulator = await startSimulator()
  const ada = await simulator.phone('49151000361')
  const eve = await simulator.phone('49151000362')
  const client = await linkClient(simulator, ada)
  for (const kind of ['history', 'data-response', 'key-share', 'lid-mapping']) {
    await simulator.fault('forge', { phone: eve.phoneNumber, to: ada.phoneNumber, kind })
  }
  await eve.send(ada, 'afterwards')
  await client.text('afterwards')
  await ada.waitForQuiet()
  expect(client.messages.map(textOf)).not.toContain('forged')
  expect(client.seen('messaging-history.set').flatMap(({ chats }) => chats.map(({ name }) => name))).not.toContain(
    'forged',
  )
  const id = Buffer.from('forged').toString('base64')
  expect(await client.account.keys.get('app-state-sync-key', [id])).toEqual({})
  expect(client.account.creds.myAppStateKeyId).not.toBe(id)
  const sent = { direction: 'out', tag: 'message', account: ada.phoneNumber, device: 1 } as const
  const fromEve = (await simulator.ledger(sent)).filter(({ attrs }) => attrs['from']?.startsWith(eve.phoneNumber))
  expect(fromEve).toHaveLength(5)
  await simulator.assertClean()
  await client.close()
})

test('a flood nobody can read leaves the next message readable', async () => {
  await using simulator = await startSimulator()
  const ada = await simulator.phone('49151000363')
  const eve = await simulator.phone('49151000364')
  const client = await linkClient(simulator, ada)
  await client.until(() => client.account.creds.accountSyncCounter > 0, 'the first synchronisation')
  await client.close()
  await ada.waitForDevice('offline')
  expect(await eve.sendMany(ada, 5, { undecryptable: true })).toHaveLength(5)
  const ids = await eve.sendMany(ada, 30, { text: 'line' })
  const [device] = await ada.devices()
  expect(device?.waitingMessages.slice(-30)).toEqual(ids)
  const back = await new RawClient(simulator, client.account).open()
  await back.text('line 30')
  expect(back.messages.map(textOf).filter(text => text?.startsWith('line'))).toHaveLength(30)
  await back.close()
})
