import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Phone } from './control-surface.js'
import { linkClient, type RawClient } from './raw-client.fixture.js'
import { startSimulator, type Simulator } from './simulator.js'

let simulator: Simulator
let ada: Phone
let ben: Phone
let client: RawClient

beforeAll(async () => {
  simulator = await startSimulator()
  ada = await simulator.phone('49151000001', { name: 'Ada' })
  ben = await simulator.phone('49151000002', { name: 'Ben' })
  client = await linkClient(simulator, ada)
})

afterAll(async () => {
  await client.close()
  await simulator.stop()
})

describe('a linked client', () => {
  test('knows who it is, and has its keys on the server', async () => {
    const [device] = await ada.devices()
    expect(client.sock.user).toMatchObject({ id: ada.jid.replace('@', ':1@'), lid: ada.lid.replace('@', ':1@') })
    expect(device).toMatchObject({ deviceId: 1, online: true, confirmed: true })
    await expect.poll(async () => (await ada.devices())[0]?.preKeysOnServer).toBeGreaterThan(800)
  })

  test('is given the app state key and the history', async () => {
    await client.until(() => client.seen('messaging-history.set').length > 0, 'history')
    await client.until(() => client.account.creds.myAppStateKeyId, 'the app state key')
  })

  test('gets a stranger’s first text without a retry, and answers', async () => {
    const { id } = await ben.send(ada, 'hello Ada')
    const got = await client.text('hello Ada')
    expect(got.key).toMatchObject({ remoteJid: ben.jid, fromMe: false, id })
    expect(got.pushName).toBe('Ben')
    await client.sock.sendMessage(ben.jid, { text: 'hello Ben' })
    expect(await ben.waitForMessage({ text: 'hello Ben' })).toMatchObject({ from: ada.jid, chat: ada.jid, copies: 1 })
    expect(await ada.waitForMessage({ text: 'hello Ben' })).toMatchObject({ fromMe: true, chat: ben.jid, copies: 1 })
    expect(await simulator.ledger({ type: 'retry' })).toEqual([])
  })

  test('writes to and hears from a LID', async () => {
    await client.sock.sendMessage(ben.lid, { text: 'by lid' })
    expect(await ben.waitForMessage({ text: 'by lid' })).toMatchObject({ from: ada.jid, copies: 1 })
    await ben.send(ada, 'back by lid', { addressing: 'lid' })
    expect((await client.text('back by lid')).key).toMatchObject({ remoteJid: ben.lid, remoteJidAlt: ben.jid })
  })

  test('writes to its own phone, and hears what the phone sends elsewhere', async () => {
    await client.sock.sendMessage(ada.jid, { text: 'note to self' })
    expect(await ada.waitForMessage({ text: 'note to self' })).toMatchObject({ chat: ada.jid, fromMe: true, copies: 1 })
    await ada.send(ben, 'from the phone')
    expect((await client.text('from the phone')).key).toMatchObject({ remoteJid: ben.jid, fromMe: true })
  })

  test('learns that its message was delivered and read', async () => {
    const sent = await client.sock.sendMessage(ben.jid, { text: 'read me' })
    const id = sent?.key.id ?? ''
    await ben.waitForMessage({ text: 'read me' })
    await simulator.waitForStanza({
      direction: 'out',
      tag: 'receipt',
      id,
      account: ada.phoneNumber,
      where: { from: ben.jid },
    })
    await ben.read(ada.phoneNumber)
    await client.until(() => client.status(id) === 4, 'read')
  })

  test('leaves nothing unhandled and comes to rest', async () => {
    await ada.waitForQuiet()
    await ben.waitForQuiet()
    await simulator.assertClean()
  })
})
