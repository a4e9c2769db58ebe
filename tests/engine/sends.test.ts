import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BuiltMessage } from '../../src/backend/engine/engine.js'
import type { Phone } from '../../src/simulator/index.js'
import { EngineRig, type EngineAccount } from '../support/engine-rig.js'

let rig: EngineRig

beforeAll(async () => {
  rig = await EngineRig.start()
})

afterAll(() => rig[Symbol.asyncDispose]())

const sent = { outcome: 'sent' }

/** A message that its contact cannot read when it arrives, and an account with a new connection by then. */
async function unreadable(store: (account: EngineAccount, message: BuiltMessage) => void) {
  const phone = await rig.phone()
  const contact = await rig.phone()
  const account = await rig.linked(phone)
  await account.next('app_state_keys')
  await contact.send(phone, 'hello')
  await account.hears('hello')
  const say = async (text: string) => {
    const message = account.connection.buildText(contact.jid, text)
    expect(await account.connection.send(message, 20_000)).toEqual(sent)
    return message
  }
  await say('hello yourself')
  await contact.waitForMessage({ text: 'hello yourself' })
  // an answer, so that what follows needs the session that the contact is about to lose
  await contact.send(phone, 'go on')
  await account.hears('go on')
  await contact.waitForQuiet()
  await contact.goOffline()
  const message = await say('read this')
  store(account, message)
  await account.close()
  await phone.waitForDevice('offline')
  await account.open()
  await rig.simulator.fault('forget-sessions', { phone: contact.phoneNumber })
  await contact.goOnline()
  const request = await asked(contact, message.waMessageId)
  return { phone, contact, account, message, request }
}

function asked(contact: Phone, id: string) {
  return rig.simulator.waitForStanza({
    direction: 'in',
    tag: 'receipt',
    type: 'retry',
    id,
    account: contact.phoneNumber,
  })
}

test('a device that could not read a message gets the stored bytes under the same id', async () => {
  const { phone, contact, account, message } = await unreadable((by, { to: chat, waMessageId, proto }) =>
    by.sent.set(waMessageId, { chat, proto }),
  )
  expect((await contact.waitForMessage({ text: 'read this' })).id).toBe(message.waMessageId)
  await contact.waitForQuiet()
  await phone.waitForQuiet()
  const copies = (await contact.messages(phone.jid)).filter(({ id }) => id === message.waMessageId)
  expect(copies).toHaveLength(1)
  expect(account.askedFor).toEqual([{ chat: contact.jid, waMessageId: message.waMessageId }])
})

test('a message that is not known any more is not sent again, not even empty', async () => {
  const { phone, contact, account, message, request } = await unreadable(() => {})
  const { waMessageId: id } = message
  const { seq } = request
  await rig.simulator.waitForStanza({
    direction: 'in',
    tag: 'ack',
    id,
    account: phone.phoneNumber,
    where: { class: 'receipt' },
    since: seq,
  })
  await phone.waitForQuiet()
  expect(account.askedFor).toEqual([{ chat: contact.jid, waMessageId: id }])
  const again = await rig.simulator.ledger({ direction: 'in', tag: 'message', id, account: phone.phoneNumber })
  expect(again.filter(entry => entry.seq > seq)).toEqual([])
})

test('a send that hangs is unconfirmed at its deadline, and what follows does not hang behind it', async () => {
  const phone = await rig.phone()
  const contact = await rig.phone()
  const account = await rig.linked(phone)
  const { phoneNumber } = phone
  const hold = await rig.simulator.hold({ direction: 'out', tag: 'iq', child: 'usync', account: phoneNumber })
  const closed = account.count('closed')
  const message = account.connection.buildText(contact.jid, 'stuck')
  const sending = account.connection.send(message, 500)
  await hold.reached
  expect(await sending).toEqual({ outcome: 'unconfirmed' })
  expect((await account.next('closed', closed)).reason).toMatchObject({
    plane: 'local',
    kind: 'connection_lost',
    status: null,
  })
  await phone.waitForDevice('offline')
  await hold.drop()

  await account.open()
  expect(await account.connection.send(message, 20_000)).toEqual(sent)
  await contact.waitForMessage({ text: 'stuck' })
  expect(await rig.simulator.ledger({ direction: 'in', tag: 'message', id: message.waMessageId })).toHaveLength(1)
})

test('a send that fails at once is unconfirmed and costs no connection', async () => {
  const phone = await rig.phone()
  const account = await rig.linked(phone)
  const { connection } = account
  const closed = account.count('closed')
  expect(await connection.send(connection.buildText('nobody', 'lost'), 60_000)).toEqual({ outcome: 'unconfirmed' })
  expect(await connection.send(connection.buildText(phone.jid, 'found'), 20_000)).toEqual(sent)
  expect(account.count('closed')).toBe(closed)
})
