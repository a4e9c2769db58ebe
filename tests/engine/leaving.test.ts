import { setImmediate } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { decodeCredentials, isPaired } from '../../src/backend/engine/baileys/credentials.js'
import { restartLimitMs } from '../../src/backend/engine/baileys/registration.js'
import { removalLimitMs } from '../../src/backend/engine/baileys/remove-device.js'
import type { Phone } from '../../src/simulator/index.js'
import { EngineRig, type EngineAccount } from '../support/engine-rig.js'
import { HeldCommit } from '../support/key-store-hands.js'
import { Rows } from '../support/rows.js'
import { shortWaits } from '../support/short-waits.js'

let rig: EngineRig
let waits: Disposable | null = null

beforeAll(async () => {
  rig = await EngineRig.start()
})

afterEach(() => {
  waits?.[Symbol.dispose]()
  waits = null
})

afterAll(() => rig[Symbol.asyncDispose]())

const removal = (phone: Phone) =>
  rig.simulator.hold({ direction: 'in', child: 'remove-companion-device', account: phone.phoneNumber })

const closedByUs = { plane: 'local', kind: 'closed_by_us', status: null }

/** Whether it has settled by the time everything that was due has run. */
async function settled(work: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending')
  return (await Promise.race([work.catch(() => {}), setImmediate(pending)])) !== pending
}

async function linked(): Promise<{ phone: Phone; account: EngineAccount; closed: number }> {
  const phone = await rig.phone()
  const account = await rig.linked(phone)
  return { phone, account, closed: account.count('closed') }
}

test.each(['scan', 'code'])('a device linked by %s that nobody wants leaves the account', async method => {
  const phone = await rig.phone()
  const account = await rig.account()
  if (method === 'code') await phone.enterCode(await account.code(phone.phoneNumber))
  else {
    account.connect()
    await phone.scan((await account.next('qr')).qr)
  }
  await account.next('paired')
  await account.next('closed')
  const connection = await account.open()
  await connection.logout()
  expect(await phone.devices()).toEqual([])
  expect((await account.next('closed', 1)).reason).toMatchObject(closedByUs)
})

test('a logout waits until WhatsApp has answered', async () => {
  const { phone, account, closed } = await linked()
  const hold = await removal(phone)
  const leaving = account.connection.logout()
  await hold.reached
  expect(await settled(leaving)).toBe(false)
  expect(account.count('closed')).toBe(closed)
  expect(await phone.devices()).toHaveLength(1)
  await hold.release()
  await leaving
  expect(await phone.devices()).toEqual([])
  expect((await account.next('closed', closed)).reason).toMatchObject(closedByUs)
})

test('one that is never answered ends at its deadline, and says so', async () => {
  const { phone, account, closed } = await linked()
  const hold = await removal(phone)
  waits = shortWaits(new Map([[removalLimitMs, 50]]))
  await expect(account.connection.logout()).rejects.toMatchObject({ code: 'logout_unconfirmed' })
  expect((await account.next('closed', closed)).reason).toMatchObject(closedByUs)
  await hold.drop()
})

test('a phone that removed the device meanwhile is as good as an answer', async () => {
  const { phone, account, closed } = await linked()
  const hold = await removal(phone)
  const leaving = account.connection.logout()
  await hold.reached
  await phone.unlink(1)
  await leaving
  await account.next('closed', closed)
  await hold.drop()
})

test('a line lost meanwhile leaves it unconfirmed', async () => {
  const { phone, account, closed } = await linked()
  const hold = await removal(phone)
  waits = shortWaits(new Map([[removalLimitMs, 500]]))
  const leaving = expect(account.connection.logout()).rejects.toMatchObject({ code: 'logout_unconfirmed' })
  await hold.reached
  rig.simulator.device(phone.phoneNumber, 1).drop()
  await leaving
  expect((await account.next('closed', closed)).reason).toMatchObject({ kind: 'connection_lost' })
  await hold.drop()
})

test('a connection that is not open cannot log out, and is closed', async () => {
  const account = await rig.account()
  const connection = account.connect()
  await account.next('qr')
  await expect(connection.logout()).rejects.toMatchObject({ code: 'logout_unconfirmed' })
  expect((await account.next('closed')).reason).toMatchObject(closedByUs)
})

test.each(['scan', 'code'])(
  'closed while a phone accepts by %s: no device comes into being, nobody is announced',
  async method => {
    const phone = await rig.phone()
    const account = await rig.account()
    const pairing = new HeldCommit(
      ({ credentials }) => credentials !== undefined && isPaired(decodeCredentials(credentials).creds),
    )
    pairing.release()
    const code = { phoneNumber: phone.phoneNumber }
    const connection = account.connect(pairing.wrap, undefined, method === 'code' ? code : undefined)
    const shown = method === 'code' ? (await account.next('pairing_code')).code : (await account.next('qr')).qr
    await account.keys.settled()
    await using table = new Rows(rig.clone.ownerUrl)
    await table.query('begin')
    await table.query('lock table session_credentials in access exclusive mode')
    await (method === 'code' ? phone.enterCode(shown) : phone.scan(shown))
    await pairing.reached
    await setImmediate()
    // goodbye waits for this one, the pair reply does not
    const later = account.keys.commit({ keys: new Map([['session', new Map([['nobody', null]])]]) })
    const closing = connection.close()
    await table.query('rollback')
    await Promise.all([closing, later])
    expect((await account.next('closed')).reason).toMatchObject(closedByUs)
    await phone.waitForQuiet()
    expect(account.of('paired')).toEqual([])
    expect((await phone.devices()).filter(({ confirmed }) => confirmed)).toEqual([])
    expect(await replies(phone)).toEqual([])
  },
)

test('a WhatsApp that forgets to end the connection of a new device: this side does, and the device logs in', async () => {
  const phone = await rig.phone()
  const account = await rig.account()
  await rig.simulator.fault('withhold-restart', { phone: phone.phoneNumber })
  waits = shortWaits(new Map([[restartLimitMs, 300]]))
  account.connect()
  await phone.scan((await account.next('qr')).qr)
  await account.next('paired')
  expect((await account.next('closed')).reason).toMatchObject({
    plane: 'local',
    kind: 'restart_required',
    status: null,
  })
  expect(await replies(phone)).toHaveLength(1)
  await account.open()
})

const replies = (phone: Phone) =>
  rig.simulator.ledger({ direction: 'in', child: 'pair-device-sign', account: phone.phoneNumber })
