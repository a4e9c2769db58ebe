import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Phone } from './control-surface.js'
import { linkClient, RawClient, textOf } from './raw-client.fixture.js'
import { startSimulator, type Simulator } from './simulator.js'
import { child, children, type Node } from './wire/node-codec.js'

let simulator: Simulator
let ada: Phone
let ben: Phone
let adas: RawClient
let bens: RawClient

beforeAll(async () => {
  simulator = await startSimulator()
  ada = await simulator.phone('49151000021', { name: 'Ada' })
  ben = await simulator.phone('49151000022', { name: 'Ben' })
  adas = await linkClient(simulator, ada)
  bens = await linkClient(simulator, ben)
})

afterAll(async () => {
  await Promise.all([adas.close(), bens.close()])
  await simulator.assertClean()
  await simulator.stop()
})

let rounds = 0

/** A message each way, so that both sides have an open session. */
async function converse(): Promise<void> {
  const round = ++rounds
  await ben.send(ada, `call ${round}`)
  await adas.text(`call ${round}`)
  await adas.sock.sendMessage(ben.jid, { text: `answer ${round}` })
  await ben.waitForMessage({ text: `answer ${round}` })
}

describe('companions', () => {
  test('talk to each other and to every phone', async () => {
    await adas.sock.sendMessage(ben.jid, { text: 'between companions' })
    expect((await bens.text('between companions')).key).toMatchObject({ remoteJid: ada.jid, fromMe: false })
    expect(await ben.waitForMessage({ text: 'between companions' })).toMatchObject({ copies: 1 })
    expect(await ada.waitForMessage({ text: 'between companions' })).toMatchObject({ copies: 1, fromMe: true })
    await bens.sock.sendMessage(ada.lid, { text: 'answer by lid' })
    expect((await adas.text('answer by lid')).key.remoteJid).toBe(ben.lid)
  })

  test('find out which numbers are on WhatsApp', async () => {
    const found = await adas.sock.onWhatsApp(ben.phoneNumber, '49999999999')
    expect(found).toEqual([{ jid: ben.jid, exists: true }])
  })

  test('are told once about each person they ask for', async () => {
    const user = { tag: 'user', attrs: { jid: ben.jid } }
    const protocols = [
      { tag: 'devices', attrs: { version: '2' } },
      { tag: 'lid', attrs: {} },
    ]
    const answer: Node = await adas.sock.query({
      tag: 'iq',
      attrs: { to: '@s.whatsapp.net', type: 'get', xmlns: 'usync' },
      content: [
        {
          tag: 'usync',
          attrs: { context: 'message', mode: 'query', sid: '1', last: 'true', index: '0' },
          content: [
            { tag: 'query', attrs: {}, content: protocols },
            { tag: 'list', attrs: {}, content: [user, user] },
          ],
        },
      ],
    })
    const users = children(child(child(answer, 'usync'), 'list'))
    expect(users).toHaveLength(1)
    expect(child(users[0], 'lid')?.attrs['val']).toBe(ben.lid)
    const devices = children(child(child(users[0], 'devices'), 'device-list'))
    expect(devices.map(({ attrs }) => attrs)).toEqual([{ id: '0' }, { id: '1', 'key-index': '1' }])
  })

  test('read and write app state', async () => {
    await adas.until(() => adas.account.creds.myAppStateKeyId, 'the app state key')
    await adas.sock.chatModify({ mute: 1_900_000_000_000 }, ben.jid)
    const written = await simulator.waitForStanza({
      tag: 'iq',
      xmlns: 'w:sync:app:state',
      child: 'patch',
      direction: 'in',
    })
    expect(written.account).toBe(ada.phoneNumber)
    await adas.sock.resyncAppState(['regular_high'], false)
  })
})

describe('a message that cannot be read', () => {
  test('by a companion is sent again by the phone, under the same id', async () => {
    await converse()
    adas.account.forgetSessions()
    const { id } = await ben.send(ada, 'lost and found')
    expect((await adas.text('lost and found')).key.id).toBe(id)
    const retry = { tag: 'receipt', type: 'retry', id, direction: 'in', account: ada.phoneNumber } as const
    await simulator.waitForStanza(retry)
  })

  test('by the phone is asked for again, and shown once', async () => {
    await converse()
    await simulator.fault('forget-sessions', { phone: ben.phoneNumber })
    const sent = await adas.sock.sendMessage(ben.jid, { text: 'once more please' })
    const bubble = await ben.waitForMessage({ text: 'once more please' })
    expect(bubble).toMatchObject({ id: sent?.key.id, copies: 1 })
    expect(await simulator.ledger({ type: 'retry', direction: 'out', account: ada.phoneNumber })).not.toEqual([])
    expect((await ben.messages(ada.jid)).filter(({ id }) => id === sent?.key.id)).toHaveLength(1)
  })

  test('stays in view as undecryptable, with the reason, while the sender is gone', async () => {
    await converse()
    await simulator.fault('forget-sessions', { phone: ben.phoneNumber })
    const hold = await simulator.hold({ direction: 'out', tag: 'receipt', type: 'retry', account: ada.phoneNumber })
    const sent = await adas.sock.sendMessage(ben.jid, { text: 'later' })
    await hold.reached
    const unread = (await ben.messages()).find(({ id }) => id === sent?.key.id)
    expect(unread).toMatchObject({ text: null, copies: 0 })
    expect(unread?.undecryptable).toMatch(/session/i)
    await hold.release()
    await ben.waitForMessage({ text: 'later' })
  })
})

describe('a companion that was away', () => {
  test('gets what waited for it, and gets it again until it says so', async () => {
    await adas.close()
    await ada.waitForDevice('offline')
    const first = await ben.send(ada, 'while you slept 1')
    await ben.send(ada, 'while you slept 2')
    expect((await ada.devices())[0]?.waitingMessages).toHaveLength(2)
    const hold = await simulator.hold({ direction: 'in', tag: 'receipt', id: first.id, account: ada.phoneNumber })
    const cut = new RawClient(simulator, adas.account)
    await hold.reached
    simulator.device(ada.phoneNumber, 1).drop()
    expect(await cut.closed()).toBe(428)
    await hold.drop()
    const again = { direction: 'out', tag: 'message', id: first.id, account: ada.phoneNumber, device: 1 } as const
    const since = (await simulator.waitForStanza(again)).seq
    adas = await new RawClient(simulator, adas.account).open()
    expect((await simulator.waitForStanza({ ...again, since })).attrs['offline']).toBeDefined()
    const settled = { direction: 'in', id: first.id, account: ada.phoneNumber, device: 1, since } as const
    await simulator.waitForStanza(settled)
    await ada.waitForQuiet()
    const texts = [...cut.messages, ...adas.messages].map(textOf)
    expect(texts).toEqual(expect.arrayContaining(['while you slept 1', 'while you slept 2']))
  })
})

describe('a device linked later', () => {
  test('is known at once to those who have the old device list, and hears what came before', async () => {
    await ada.send(ben, 'before the second device')
    await bens.text('before the second device')
    const second = await linkClient(simulator, ben)
    const [history] = await second.until(
      () => second.seen('messaging-history.set').length > 0 && second.seen('messaging-history.set'),
      'history',
    )
    expect(history?.messages.map(textOf)).toContain('before the second device')
    await simulator.waitForStanza({ direction: 'in', tag: 'ack', type: 'devices', account: ada.phoneNumber })
    await adas.sock.sendMessage(ben.jid, { text: 'for both devices' })
    await Promise.all([second.text('for both devices'), bens.text('for both devices')])
    const [, { deviceId } = { deviceId: 0 }] = await ben.devices()
    await ben.unlink(deviceId)
    expect(await second.closed()).toBe(401)
  })
})

describe('a phone that is offline', () => {
  test('gets its messages when it comes back', async () => {
    await ben.goOffline()
    await adas.sock.sendMessage(ben.jid, { text: 'are you there' })
    await bens.text('are you there')
    expect((await ben.messages()).map(({ text }) => text)).not.toContain('are you there')
    await ben.goOnline()
    await ben.waitForMessage({ text: 'are you there' })
    await expect(ben.waitForMessage({ text: 'never said' }, 30)).rejects.toMatchObject({ code: 'wait_timeout' })
  })
})
