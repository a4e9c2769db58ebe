import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBaileysEngine } from '../../src/backend/engine/baileys/baileys-engine.js'
import { createLog } from '../../src/backend/log.js'
import { trustRoot } from '../../src/backend/prelude/trusted-root.js'
import { startSimulator } from '../../src/simulator/index.js'
import { EngineRig } from '../support/engine-rig.js'

let rig: EngineRig

beforeAll(async () => {
  rig = await EngineRig.start()
})

afterAll(() => rig[Symbol.asyncDispose]())

test('a server that takes the connection and never says a word is given up at the deadline', async () => {
  const sockets = new Set<Socket>()
  const silent = createServer(socket => sockets.add(socket))
  await once(silent.listen(0, '127.0.0.1'), 'listening')
  const { port } = silent.address() as AddressInfo
  const engine = createBaileysEngine({
    url: `ws://127.0.0.1:${port}`,
    preKeys: rig.preKeys,
    log: createLog({ level: 'silent' }),
    connectDeadlineMs: 200,
  })
  const account = await rig.account()
  try {
    account.connect(undefined, engine)
    expect((await account.next('closed')).reason).toMatchObject({ plane: 'local', kind: 'unreachable', status: null })
  } finally {
    for (const socket of sockets) socket.destroy()
    silent.close()
  }
})

test('a WhatsApp with a certificate of another root is refused before anything is shown', async () => {
  await using impostor = await startSimulator()
  const engine = createBaileysEngine({
    url: impostor.url,
    preKeys: rig.preKeys,
    log: createLog({ level: 'silent' }),
  })
  const account = await rig.account()
  trustRoot(rig.simulator.rootKey)
  account.connect(undefined, engine)
  await account.events.waitFor(({ type }) => type === 'closed' || type === 'qr')
  expect(account.of('qr')).toEqual([])
  expect((await account.next('closed')).reason).toMatchObject({ plane: 'local', kind: 'unreachable' })
  await account.close()
})

test('a device whose account signature is forged links nobody', async () => {
  const phone = await rig.phone()
  const account = await rig.account()
  account.connect()
  const { qr } = await account.next('qr')
  await rig.simulator.fault('forge-account-signature', { phone: phone.phoneNumber })
  await phone.scan(qr)
  expect((await account.next('closed')).reason).toMatchObject({ plane: 'local', kind: 'pairing_rejected' })
  expect(account.of('paired')).toEqual([])
  expect(
    await rig.simulator.ledger({ direction: 'in', child: 'pair-device-sign', account: phone.phoneNumber }),
  ).toEqual([])
})

test('messages that Baileys still holds back when the line is cut are told before the end', async () => {
  const phone = await rig.phone()
  const account = await rig.linked(phone)
  await account.next('app_state_keys')
  await phone.waitForQuiet()
  await account.close()
  const stranger = await rig.phone()
  const { id: first } = await stranger.send(phone, 'while you were out')
  const { id: last } = await stranger.send(phone, 'are you there?')

  const { phoneNumber } = phone
  const hold = await rig.simulator.hold({ direction: 'out', tag: 'ib', child: 'offline', account: phoneNumber })
  const closed = account.count('closed')
  account.connect()
  await hold.reached
  for (const id of [first, last]) {
    await rig.simulator.waitForStanza({ direction: 'in', tag: 'receipt', id, account: phoneNumber, device: 1 })
  }
  expect(account.texts()).toEqual([])
  rig.simulator.device(phoneNumber, 1).drop()
  await account.next('closed', closed)
  expect(account.texts()).toEqual(['while you were out', 'are you there?'])
  expect(account.of('message').map(({ message }) => message.author)).toEqual([stranger.jid, stranger.jid])
  expect(account.events.all().at(-1)).toMatchObject({ type: 'closed' })
  await hold.drop()
})

test('a logout that cannot be said closes the connection all the same', async () => {
  const phone = await rig.phone()
  const account = await rig.linked(phone)
  await account.close()
  const closed = account.count('closed')
  // there is no line yet to say it on
  await expect(account.connect().logout()).rejects.toThrow()
  expect((await account.next('closed', closed)).reason).toMatchObject({
    plane: 'local',
    kind: 'closed_by_us',
    status: null,
  })
  expect(await phone.devices()).toHaveLength(1)
})
