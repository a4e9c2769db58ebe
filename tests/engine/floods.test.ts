import { afterAll, beforeAll, expect, test } from 'vitest'
import { EngineRig } from '../support/engine-rig.js'
import { appStateVersion, floodedAccount } from '../support/flooded-account.js'
import { shortWaits } from '../support/short-waits.js'

let rig: EngineRig

beforeAll(async () => {
  rig = await EngineRig.start()
})

afterAll(() => rig[Symbol.asyncDispose]())

test('five hundred messages that nobody can read keep no other chat waiting, and are neither logged nor asked for one by one', async () => {
  const { account, phone, friend, logLines, talk } = await floodedAccount(rig)
  const closed = account.count('closed')
  const { seq = 0 } = (await rig.simulator.ledger()).at(-1) ?? {}
  const peer = await rig.phone()
  // how long Baileys waits before it asks the phone for what it could not read
  using _ = shortWaits(
    new Map([
      [3_000, 3],
      [2_000, 2],
    ]),
  )
  const ids = await peer.sendMany(phone, 500, { undecryptable: true })
  await talk('beside the flood')
  const { connection } = account
  expect(await connection.send(connection.buildText(friend.jid, 'heard'), 20_000)).toEqual({ outcome: 'sent' })
  await expect.poll(async () => (await phone.devices())[0]?.waitingMessages, { timeout: 20_000 }).toEqual([])
  await talk('after the flood')

  const unread = account.of('message').filter(({ message: { content } }) => content.kind === 'undecryptable')
  expect(unread.map(({ message }) => message.waMessageId).toSorted()).toEqual(ids.toSorted())
  const said = await rig.simulator.ledger({ direction: 'in', account: phone.phoneNumber, device: 1, tag: 'message' })
  const asked = said.filter(entry => entry.seq > seq && entry.attrs['category'] === 'peer')
  // twenty in eight seconds, and this test has a minute
  expect(asked.length).toBeLessThanOrEqual(160)
  expect(logLines.length).toBeLessThanOrEqual(1)
  expect(account.count('closed')).toBe(closed)
}, 60_000)

test('two thousand changes of the account’s settings are read while messages are heard', async () => {
  const { account, phone, talk } = await floodedAccount(rig)
  const closed = account.count('closed')
  const before = await appStateVersion(account)
  await rig.simulator.fault('app-state', { phone: phone.phoneNumber, count: 2_000 })
  await talk('beside the settings')
  await expect.poll(() => appStateVersion(account), { timeout: 30_000 }).toBe(before + 2)
  await talk('after the settings')
  expect(account.of('health').at(-1)?.health).toEqual({ appState: 'ok' })
  expect(account.count('closed')).toBe(closed)
  const asked = await rig.simulator.ledger({ account: phone.phoneNumber, direction: 'in', xmlns: 'w:sync:app:state' })
  expect(asked.length).toBeLessThan(20)
}, 60_000)
