import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Phone } from '../../src/simulator/index.js'
import { linkClient, type RawClient } from '../../src/simulator/raw-client.fixture.js'
import { EngineRig, type EngineAccount } from '../support/engine-rig.js'

let rig: EngineRig

beforeAll(async () => {
  rig = await EngineRig.start()
})

afterAll(() => rig[Symbol.asyncDispose]())

async function says(account: EngineAccount, to: Phone, text: string): Promise<void> {
  const { connection } = account
  expect(await connection.send(connection.buildText(to.jid, text), 20_000)).toEqual({ outcome: 'sent' })
  await to.waitForMessage({ text })
}

async function conversation(): Promise<{ account: EngineAccount; phone: Phone; contact: Phone }> {
  const [phone, contact] = [await rig.phone(), await rig.phone()]
  const account = await rig.linked(phone)
  await account.next('app_state_keys')
  await contact.send(phone, 'hello')
  await account.hears('hello')
  await says(account, contact, 'hello yourself')
  await contact.send(phone, 'go on')
  await account.hears('go on')
  await phone.waitForQuiet()
  return { account, phone, contact }
}

test.each([
  ['and WhatsApp says so', {}],
  ['and nobody says so', { silent: true }],
])('a contact whose phone was installed anew %s is heard and answered', async (_, params) => {
  const { account, phone, contact } = await conversation()
  const closed = account.count('closed')
  await rig.simulator.fault('reinstall', { phone: contact.phoneNumber, ...params })
  await says(account, contact, 'are you there')
  await contact.send(phone, 'on a new phone')
  await account.hears('on a new phone')
  await says(account, contact, 'so I see')
  await phone.waitForQuiet()
  expect((await phone.devices())[0]?.waitingMessages).toEqual([])
  expect(account.count('closed')).toBe(closed)
})

test('one that writes first from its new phone is heard', async () => {
  const { account, phone, contact } = await conversation()
  await account.close()
  await rig.simulator.fault('reinstall', { phone: contact.phoneNumber })
  await contact.send(phone, 'written while nobody listened')
  await account.reload()
  await account.open()
  await account.hears('written while nobody listened')
  await says(account, contact, 'so I see')
})

test('own devices that come, go and come back as others get what is written from then on', async () => {
  const { account, phone, contact } = await conversation()
  const first = await linkClient(rig.simulator, phone)
  const others: RawClient[] = [first]
  try {
    await says(account, contact, 'with one more')
    await first.text('with one more')
    await phone.unlink(2)
    await first.closed()
    // the same person's computer, with another identity
    for (let nth = 0; nth < 3; nth++) others.push(await linkClient(rig.simulator, phone))
    await says(account, phone, 'to all five')
    for (const client of others.slice(1)) await client.text('to all five')
    await phone.waitForQuiet()
    expect(first.messages.some(({ message }) => message?.extendedTextMessage?.text === 'to all five')).toBe(false)
  } finally {
    for (const client of others) await client.close()
  }
})
