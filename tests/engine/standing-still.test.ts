import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBaileysEngine } from '../../src/backend/engine/baileys/baileys-engine.js'
import { createLog } from '../../src/backend/log.js'
import type { Phone } from '../../src/simulator/index.js'
import { EngineRig, type EngineAccount } from '../support/engine-rig.js'

let rig: EngineRig

beforeAll(async () => {
  rig = await EngineRig.start()
})

afterAll(() => rig[Symbol.asyncDispose]())

/** A linked account with nothing left to say, and somebody who writes to it. */
async function quietAccount(): Promise<{ account: EngineAccount; phone: Phone; stranger: Phone }> {
  const phone = await rig.phone()
  const account = await rig.linked(phone)
  await account.next('app_state_keys')
  const stranger = await rig.phone()
  await stranger.send(phone, 'before')
  await account.hears('before')
  await phone.waitForQuiet()
  return { account, phone, stranger }
}

/** What the account's device says from now on. */
async function listenTo(phone: Phone) {
  const { seq = 0 } = (await rig.simulator.ledger()).at(-1) ?? {}
  return async () => {
    const said = await rig.simulator.ledger({ direction: 'in', account: phone.phoneNumber, device: 1 })
    return said.filter(entry => entry.seq > seq).map(({ tag }) => tag)
  }
}

const waits = (phone: Phone, id: string) =>
  expect.poll(async () => (await phone.devices())[0]?.waitingMessages).toContain(id)

test('while it stands still nothing is heard, acknowledged or sent; then everything is, on the same line', async () => {
  const { account, phone, stranger } = await quietAccount()
  const { connection } = account
  const closed = account.count('closed')
  const said = await listenTo(phone)
  connection.pause()
  const { id } = await stranger.send(phone, 'meanwhile')
  const sending = connection.send(connection.buildText(stranger.jid, 'from here'), 15_000)
  await waits(phone, id)
  expect(await said()).toEqual([])
  expect(account.texts()).toEqual(['before'])
  connection.resume()
  await account.hears('meanwhile')
  expect(await sending).toEqual({ outcome: 'sent' })
  await phone.waitForQuiet()
  expect((await phone.devices())[0]?.waitingMessages).toEqual([])
  expect(account.texts()).toEqual(['before', 'meanwhile'])
  expect(account.count('closed')).toBe(closed)
})

test('what stands still and is abandoned says nothing any more and stores nothing', async () => {
  const { account, phone, stranger } = await quietAccount()
  const { connection } = account
  const closed = account.count('closed')
  const said = await listenTo(phone)
  connection.pause()
  const sending = connection.send(connection.buildText(stranger.jid, 'never'), 15_000)
  const { id } = await stranger.send(phone, 'meanwhile')
  connection.abandon()
  connection.resume()
  expect((await account.next('closed', closed)).reason).toMatchObject({ plane: 'storage', kind: 'fenced' })
  expect(await sending).toEqual({ outcome: 'unconfirmed' })
  await phone.waitForDevice('offline')
  expect(await said()).toEqual([])
  await waits(phone, id)
  await expect(account.keys.read('session', [])).rejects.toMatchObject({ code: 'fenced' })
})

test('a process that may not write any more falls silent at the first frame that wants to leave', async () => {
  const { account, phone, stranger } = await quietAccount()
  await account.close()
  await phone.waitForDevice('offline')
  await account.reload()
  let may = true
  const engine = createBaileysEngine({
    url: rig.simulator.url,
    preKeys: rig.preKeys,
    log: createLog({ level: 'silent' }),
    mayWrite: () => may,
  })
  const [opened, closed] = [account.count('open'), account.count('closed')]
  account.connect(undefined, engine)
  await account.next('open', opened)
  await phone.waitForQuiet()
  const said = await listenTo(phone)
  may = false
  const { id } = await stranger.send(phone, 'too late')
  expect((await account.next('closed', closed)).reason).toMatchObject({ plane: 'storage', kind: 'fenced' })
  await phone.waitForDevice('offline')
  expect(await said()).toEqual([])
  await waits(phone, id)
})

test('a line that is to stand still again while it goes on stands still', async () => {
  const { account, phone, stranger } = await quietAccount()
  await account.close()
  await phone.waitForDevice('offline')
  await account.reload()
  let onFrame = (): void => {}
  const engine = createBaileysEngine({
    url: rig.simulator.url,
    preKeys: rig.preKeys,
    log: createLog({ level: 'silent' }),
    mayWrite: () => {
      onFrame()
      return true
    },
  })
  const connection = await account.open(undefined, engine)
  await phone.waitForQuiet()
  const witness = await quietAccount()
  connection.pause()
  const asked = new Promise<void>(resolve => (onFrame = resolve))
  const sending = connection.send(connection.buildText(stranger.jid, 'from here'), 15_000)
  await asked
  onFrame = () => connection.pause()
  connection.resume()
  onFrame = () => {}
  await stranger.send(phone, 'meanwhile')
  await stranger.send(witness.phone, 'after that')
  await witness.account.hears('after that')
  expect(account.texts()).not.toContain('meanwhile')
  connection.resume()
  await account.hears('meanwhile')
  expect(await sending).toEqual({ outcome: 'sent' })
})

test('a connection that is told to stand still before it is open opens once it may go on', async () => {
  const { account, phone } = await quietAccount()
  await account.close()
  await phone.waitForDevice('offline')
  await account.reload()
  const opened = account.count('open')
  const said = await listenTo(phone)
  const connection = account.connect()
  connection.pause()
  await rig.simulator.ledger()
  expect(await said()).toEqual([])
  connection.resume()
  await account.next('open', opened)
})
