import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Phone } from '../src/simulator/index.js'
import type { GatewayProcess } from './support/gateway-process.js'
import { linkManaged } from './support/managed-account.js'
import { ProcessRig } from './support/process-rig.js'
import { Rows } from './support/rows.js'
import type { Visitor } from './support/visitor.js'

let rig: ProcessRig
let gateway: GatewayProcess
let visitor: Visitor
let phone: Phone
let sessionId: string

beforeAll(async () => {
  rig = await ProcessRig.open({ LINK_DEFAULT: 'managed' })
})

afterAll(() => rig[Symbol.asyncDispose]())

beforeEach(async () => {
  gateway = await rig.start()
  ;({ phone, visitor, sessionId } = await linkManaged(gateway, rig.rows, await rig.phone()))
})

afterEach(() => rig.kill())

const said = async (what: RegExp) => (await phone.messages(phone.jid)).filter(({ text }) => what.test(text ?? ''))

test('killed after WhatsApp heard that the command came, and before it was answered: the next process answers, once', async () => {
  await using lock = new Rows(rig.database.ownerUrl)
  await lock.query('begin')
  await lock.query('lock table own_chat_commands in access exclusive mode')
  const { deviceId } = await phone.waitForDevice('online')
  const { id } = await phone.send(phone.jid, '.menu')
  await rig.simulator.waitForStanza({
    direction: 'in',
    tag: 'receipt',
    id,
    account: phone.phoneNumber,
    device: deviceId,
  })
  await gateway.kill()
  await lock.query('rollback')
  expect(await rig.rows.query(`select 1 from own_chat_commands where session_id = $1`, [sessionId])).toEqual([])
  gateway = await rig.killAndRestart()
  await expect.poll(() => said(/ᴡʜɪᴢ ʟɪᴛᴇ ᴍᴇɴᴜ/), { timeout: 20_000 }).toHaveLength(1)
  // and not again at the next start
  await gateway.stop()
  await rig.killAndRestart()
  await phone.send(phone.jid, '.status')
  await expect.poll(() => said(/Connected since/), { timeout: 20_000 }).toHaveLength(1)
  await phone.waitForQuiet()
  expect(await said(/ᴡʜɪᴢ ʟɪᴛᴇ ᴍᴇɴᴜ/)).toHaveLength(1)
}, 120_000)

test('killed while the session ID is on its way again: it arrives once and no string stays', async () => {
  const { deviceId } = await phone.waitForDevice('online')
  const ack = { direction: 'out', tag: 'ack', account: phone.phoneNumber, device: deviceId } as const
  const hold = await rig.simulator.hold({ ...ack, where: { class: 'message' } })
  await phone.send(phone.jid, '.resend')
  await hold.reached
  await gateway.kill()
  await hold.drop()
  await rig.killAndRestart()
  await expect.poll(() => said(/NEVER share it.*\n├ 🌐 .*\n├ 💡 \*Note/), { timeout: 20_000 }).toHaveLength(1)
  await phone.waitForQuiet()
  expect(await said(/^WHIZLITE_/)).toHaveLength(2)
  const left = `select 1 from outbox_messages where session_id = $1 and kind = 'secret' and proto is not null`
  await expect.poll(() => rig.rows.query(left, [sessionId])).toEqual([])
}, 120_000)

test('killed after the goodbye, before the device is off the account: the next process takes it off', async () => {
  const iq = { direction: 'in', tag: 'iq', child: 'remove-companion-device', account: phone.phoneNumber } as const
  const hold = await rig.simulator.hold(iq)
  await phone.send(phone.jid, '.disconnect')
  await hold.reached
  await gateway.kill()
  await hold.drop()
  expect(
    await rig.rows.query(`select 1 from sessions where id = $1 and state <> 'logged_out'`, [sessionId]),
  ).toHaveLength(1)
  await rig.killAndRestart()
  await rig.rows.waitFor(`select 1 from sessions where id = $1 and state = 'logged_out' and reason = 'revoked'`, [
    sessionId,
  ])
  await phone.waitForQuiet()
  expect(await phone.devices()).toEqual([])
  expect(await said(/off your account/)).toHaveLength(1)
}, 120_000)

test('another node than the one that runs the session takes a resend and a revoke', async () => {
  const elsewhere = (await rig.start()).visitor(visitor.cookie)
  expect(await elsewhere.request('POST', `/api/sessions/${sessionId}/resend`, {})).toMatchObject({ status: 200 })
  await expect.poll(() => said(/^WHIZLITE_/)).toHaveLength(2)
  const revoked = await elsewhere.request('POST', `/api/sessions/${sessionId}/revoke`, {})
  expect(revoked).toMatchObject({ status: 200, body: { state: 'logged_out' } })
  await phone.waitForQuiet()
  expect(await said(/off your account/)).toHaveLength(1)
  expect(await phone.devices()).toEqual([])
}, 120_000)
