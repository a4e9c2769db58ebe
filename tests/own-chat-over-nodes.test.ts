import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { startSimulator, type Phone, type Simulator } from '../src/simulator/index.js'
import { GatewayProcess } from './support/gateway-process.js'
import { Rows } from './support/rows.js'
import { cloneDatabase, type ClonedDatabase } from './support/template-database.js'
import { Visitor } from './support/visitor.js'

let simulator: Simulator
let database: ClonedDatabase
let rows: Rows
let dataDir: string
let env: Record<string, string>
let gateway: GatewayProcess
let visitor: Visitor
let phone: Phone
let sessionId: string
let number = 254_700_000_700

beforeAll(async () => {
  simulator = await startSimulator()
  database = await cloneDatabase()
  rows = new Rows(database.ownerUrl)
  dataDir = mkdtempSync(join(tmpdir(), 'whizlite-own-chat-'))
  env = {
    NODE_ENV: 'test',
    PORT: '0',
    DATA_DIR: dataDir,
    DATABASE_URL: database.ownerUrl,
    LINK_DEFAULT: 'managed',
    WHATSAPP_SESSION_SECRET: randomBytes(32).toString('hex'),
    WHATSAPP_URL: simulator.url,
    WHATSAPP_ROOT_KEY: simulator.rootKey,
  }
})

afterAll(async () => {
  await simulator.assertClean()
  await rows[Symbol.asyncDispose]()
  await simulator.stop()
  await database.drop()
  rmSync(dataDir, { recursive: true, force: true })
})

beforeEach(async () => {
  phone = await simulator.phone(String(++number))
  gateway = new GatewayProcess(env)
  visitor = new Visitor(await gateway.ready())
  const { sessionId: started, qrCode } = await visitor.start()
  sessionId = started
  await phone.scanPicture(Buffer.from(qrCode.split(',')[1] ?? '', 'base64'))
  await rows.waitFor(`select 1 from link_attempts where session_id = $1 and phase = 'complete'`, [sessionId])
  await phone.waitForQuiet()
})

afterEach(() => gateway[Symbol.asyncDispose]())

const said = async (what: RegExp) => (await phone.messages(phone.jid)).filter(({ text }) => what.test(text ?? ''))

async function restart(): Promise<void> {
  await rows.query(`update nodes set lease_until = clock_timestamp() - interval '1 minute'`)
  gateway = new GatewayProcess(env)
  await gateway.ready()
}

test('killed after WhatsApp heard that the command came, and before it was answered: the next process answers, once', async () => {
  await using lock = new Rows(database.ownerUrl)
  await lock.query('begin')
  await lock.query('lock table own_chat_commands in access exclusive mode')
  const { deviceId } = await phone.waitForDevice('online')
  const { id } = await phone.send(phone.jid, '.menu')
  await simulator.waitForStanza({ direction: 'in', tag: 'receipt', id, account: phone.phoneNumber, device: deviceId })
  await gateway.kill()
  await lock.query('rollback')
  expect(await rows.query(`select 1 from own_chat_commands where session_id = $1`, [sessionId])).toEqual([])
  await restart()
  await expect.poll(() => said(/ᴡʜɪᴢ ʟɪᴛᴇ ᴍᴇɴᴜ/), { timeout: 20_000 }).toHaveLength(1)
  // and not again at the next start
  await gateway.stop()
  await restart()
  await phone.send(phone.jid, '.status')
  await expect.poll(() => said(/Connected since/), { timeout: 20_000 }).toHaveLength(1)
  await phone.waitForQuiet()
  expect(await said(/ᴡʜɪᴢ ʟɪᴛᴇ ᴍᴇɴᴜ/)).toHaveLength(1)
}, 120_000)

test('killed while the session ID is on its way again: it arrives once and no string stays', async () => {
  const { deviceId } = await phone.waitForDevice('online')
  const ack = { direction: 'out', tag: 'ack', account: phone.phoneNumber, device: deviceId } as const
  const hold = await simulator.hold({ ...ack, where: { class: 'message' } })
  await phone.send(phone.jid, '.resend')
  await hold.reached
  await gateway.kill()
  await hold.drop()
  await restart()
  await expect.poll(() => said(/NEVER share it.*\n├ 🌐 .*\n├ 💡 \*Note/), { timeout: 20_000 }).toHaveLength(1)
  await phone.waitForQuiet()
  expect(await said(/^WHIZLITE_/)).toHaveLength(2)
  const left = `select 1 from outbox_messages where session_id = $1 and kind = 'secret' and proto is not null`
  await expect.poll(() => rows.query(left, [sessionId])).toEqual([])
}, 120_000)

test('killed after the goodbye, before the device is off the account: the next process takes it off', async () => {
  const iq = { direction: 'in', tag: 'iq', child: 'remove-companion-device', account: phone.phoneNumber } as const
  const hold = await simulator.hold(iq)
  await phone.send(phone.jid, '.disconnect')
  await hold.reached
  await gateway.kill()
  await hold.drop()
  expect(await rows.query(`select 1 from sessions where id = $1 and state <> 'logged_out'`, [sessionId])).toHaveLength(
    1,
  )
  await restart()
  await rows.waitFor(`select 1 from sessions where id = $1 and state = 'logged_out' and reason = 'revoked'`, [
    sessionId,
  ])
  await phone.waitForQuiet()
  expect(await phone.devices()).toEqual([])
  expect(await said(/off your account/)).toHaveLength(1)
}, 120_000)

test('another node than the one that runs the session takes a resend and a revoke', async () => {
  await using other = new GatewayProcess(env)
  const elsewhere = new Visitor(await other.ready(), visitor.cookie)
  expect(await elsewhere.request('POST', `/api/sessions/${sessionId}/resend`, {})).toMatchObject({ status: 200 })
  await expect.poll(() => said(/^WHIZLITE_/)).toHaveLength(2)
  const revoked = await elsewhere.request('POST', `/api/sessions/${sessionId}/revoke`, {})
  expect(revoked).toMatchObject({ status: 200, body: { state: 'logged_out' } })
  await phone.waitForQuiet()
  expect(await said(/off your account/)).toHaveLength(1)
  expect(await phone.devices()).toEqual([])
}, 120_000)
