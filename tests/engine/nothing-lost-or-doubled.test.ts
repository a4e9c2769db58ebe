import { afterAll, beforeAll, expect, test } from 'vitest'
import type { InboundMessage } from '../../src/backend/engine/engine.js'
import type { KeyStore } from '../../src/backend/engine/keystore.js'
import { EngineRig } from '../support/engine-rig.js'

let rig: EngineRig

beforeAll(async () => {
  rig = await EngineRig.start()
})

afterAll(() => rig[Symbol.asyncDispose]())

/** Cuts the line at the moment a ratchet step and its plaintext are committed, before anything can be acknowledged. */
function cutAfterFirstJournal(cut: () => void): (keys: KeyStore) => KeyStore {
  let done = false
  return keys =>
    new Proxy(keys, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        if (name !== 'commit') return value.bind(target)
        return async (change: Parameters<KeyStore['commit']>[0]) => {
          await target.commit(change)
          if (done || (change.journal ?? []).length === 0) return
          done = true
          cut()
        }
      },
    })
}

function groupById(messages: InboundMessage[]): Map<string, InboundMessage[]> {
  const groups = new Map<string, InboundMessage[]>()
  for (const message of messages) {
    const id = [message.chat, message.author, message.waMessageId].join()
    groups.set(id, [...(groups.get(id) ?? []), message])
  }
  return groups
}

test('a line cut after the ratchet commit loses no message and doubles none: first messages and later ones', async () => {
  const phone = await rig.phone()
  const account = await rig.linked(phone)
  await account.next('app_state_keys')
  const stranger = await rig.phone()
  const device = () => rig.simulator.device(phone.phoneNumber, 1)

  for (let i = 0; i < 8; i++) {
    await account.close()
    await account.reload()
    // even rounds: a new contact (pkmsg); odd rounds: one with a session (msg)
    const from = i % 2 === 0 ? await rig.phone() : stranger
    const closed = account.count('closed')
    await account.open(cutAfterFirstJournal(() => device().drop()))
    await from.send(phone, `cut ${i}`)
    await account.next('closed', closed)
    await account.open()
    await account.hears(`cut ${i}`)
  }
  await phone.waitForQuiet()
  // a message may be told again after a cut, under the id that makes it one message
  const heard = account.of('message').map(({ message }) => message)
  const byId = groupById(heard)
  const copies = [...byId.values()].map(told => new Set(told.map(({ content }) => JSON.stringify(content))))
  expect(copies.map(contents => [...contents].join()).toSorted()).toEqual(
    Array.from({ length: 8 }, (_, i) => JSON.stringify({ kind: 'text', text: `cut ${i}` })),
  )
  expect(await rig.simulator.ledger({ direction: 'in', tag: 'ack', where: { error: '487' } })).toEqual([])
  await rig.simulator.assertClean()
}, 60_000)

test('40 sends racing 10 receives with one contact: all arrive once, all can be read', async () => {
  const phone = await rig.phone()
  const contact = await rig.phone()
  const account = await rig.linked(phone)

  const sends = Array.from({ length: 40 }, (_, i) =>
    account.connection.send(account.connection.buildText(contact.jid, `out ${i}`), 20_000),
  )
  for (let i = 0; i < 10; i++) await contact.send(phone, `in ${i}`)
  expect(new Set((await Promise.all(sends)).map(({ outcome }) => outcome))).toEqual(new Set(['sent']))
  await account.hears('in 9')
  await contact.waitForQuiet()
  await phone.waitForQuiet()

  const arrived = (await contact.messages(phone.jid)).filter(message => !message.fromMe)
  expect(arrived.filter(message => message.undecryptable !== undefined)).toEqual([])
  expect(arrived.map(message => message.text ?? '').toSorted()).toEqual(
    Array.from({ length: 40 }, (_, i) => `out ${i}`).toSorted(),
  )
  expect(
    account
      .texts()
      .filter(text => text.startsWith('in'))
      .toSorted(),
  ).toEqual(Array.from({ length: 10 }, (_, i) => `in ${i}`))
  await rig.simulator.assertClean()
})
