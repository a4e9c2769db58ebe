import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Phone } from '../../src/simulator/index.js'
import { EngineRig, type EngineAccount } from '../support/engine-rig.js'
import { HeldCommit, type Change } from '../support/key-store-hands.js'

let rig: EngineRig

beforeAll(async () => {
  rig = await EngineRig.start()
})

afterAll(() => rig[Symbol.asyncDispose]())

/** Long enough for a stanza that nothing holds back. */
const wireMs = 1_000

const movesRatchet = ({ keys }: Change) => keys?.has('session') === true
const receives = ({ journal = [] }: Change) => journal.length > 0

async function say(account: EngineAccount, contact: Phone, text: string): Promise<void> {
  const { connection } = account
  expect(await connection.send(connection.buildText(contact.jid, text), 20_000)).toEqual({ outcome: 'sent' })
}

/** An account and a contact who have written to each other, with everything acknowledged. */
async function conversation(): Promise<{ account: EngineAccount; phone: Phone; contact: Phone }> {
  const phone = await rig.phone()
  const contact = await rig.phone()
  const account = await rig.linked(phone)
  await account.next('app_state_keys')
  await contact.send(phone, 'hello')
  await account.hears('hello')
  await say(account, contact, 'hello yourself')
  await contact.waitForQuiet()
  await phone.waitForQuiet()
  await account.close()
  return { account, phone, contact }
}

async function readByContact(contact: Phone, phone: Phone): Promise<(string | null)[]> {
  await contact.waitForQuiet()
  const copies = (await contact.messages(phone.jid)).filter(({ fromMe }) => !fromMe)
  expect(copies.filter(({ undecryptable }) => undecryptable !== undefined)).toEqual([])
  return copies.map(({ text }) => text)
}

test('a send waits for a receive of the same contact that has not been stored yet', async () => {
  const { account, phone, contact } = await conversation()
  const receiving = new HeldCommit(receives)
  await account.open(receiving.wrap)
  // the first send of a connection renews the ratchet, the ones that follow move it on
  await say(account, contact, 'out 0')
  await contact.send(phone, 'in')
  await receiving.reached

  const message = account.connection.buildText(contact.jid, 'out 1')
  const sending = account.connection.send(message, 20_000)
  await expect(
    rig.simulator.waitForStanza({ direction: 'in', tag: 'message', id: message.waMessageId }, wireMs),
  ).rejects.toThrow()
  receiving.release()
  expect(await sending).toEqual({ outcome: 'sent' })
  await account.hears('in')
  await say(account, contact, 'out 2')
  expect(await readByContact(contact, phone)).toEqual(['hello yourself', 'out 0', 'out 1', 'out 2'])
  await rig.simulator.assertClean()
})

test('a ratchet step is stored before its message leaves', async () => {
  const { account, phone, contact } = await conversation()
  const step = new HeldCommit(movesRatchet)
  await account.open(step.wrap)
  const message = account.connection.buildText(contact.jid, 'out')
  const sending = account.connection.send(message, 20_000)
  await step.reached
  await expect(
    rig.simulator.waitForStanza({ direction: 'in', tag: 'message', id: message.waMessageId }, wireMs),
  ).rejects.toThrow()
  step.release()
  expect(await sending).toEqual({ outcome: 'sent' })
  expect(await readByContact(contact, phone)).toEqual(['hello yourself', 'out'])
})
