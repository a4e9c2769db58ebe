import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Phone } from '../src/simulator/index.js'
import { Rows } from './support/rows.js'
import { TestGateway } from './support/test-gateway.js'

let gateway: TestGateway
let rows: Rows
let phone: Phone

beforeAll(async () => {
  gateway = await TestGateway.start({ env: { LINK_DEFAULT: 'managed' } })
  rows = new Rows(gateway.database.ownerUrl)
  phone = await gateway.simulator.phone('254700000201', { name: 'Wanjiru' })
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
})

async function link(): Promise<string> {
  const visitor = gateway.visitor()
  const { sessionId, qrCode } = await visitor.start()
  const events = visitor.listen()
  await phone.scanPicture(Buffer.from(qrCode.split(',')[1] ?? '', 'base64'))
  await events.waitForEvent('complete')
  events.socket.close()
  await events.closed
  return sessionId
}

const health = async () => (await gateway.visitor().request('GET', '/health')).body

test('a managed link stays connected and tells of its own services', async () => {
  const visitor = gateway.visitor()
  const { sessionId, qrCode } = await visitor.start()
  const events = visitor.listen()
  await phone.scanPicture(Buffer.from(qrCode.split(',')[1] ?? '', 'base64'))
  const complete = await events.waitForEvent('complete')
  expect(complete.data).toEqual({ sessionId, message: 'Setup complete!' })
  const statuses = events
    .all()
    .flatMap(({ event, data }) => (event === 'progress' ? [(data as { status: string }).status] : []))
  expect(statuses).toEqual(['scanning', 'connected', 'connected', 'backup_setup', 'complete'])
  expect(events.all().map(({ seq }) => seq)).toEqual(
    events
      .all()
      .map(({ seq }) => seq)
      .toSorted((a, b) => a - b),
  )

  expect(await visitor.view(sessionId)).toMatchObject({
    phase: 'complete',
    mode: 'managed',
    state: 'connected',
    status: 'connected',
  })
  await phone.waitForQuiet()
  const texts = (await phone.messages(phone.jid)).map(({ text }) => text)
  expect(texts).toEqual([
    expect.stringMatching(/^WHIZLITE_[A-Za-z0-9.-]+$/),
    expect.stringContaining('*ᴡʜɪᴢ ʟɪᴛᴇ ɪᴛᴄ ʟɪɴᴋᴇʀ*'),
  ])
  expect(await health()).toMatchObject({ status: 'healthy', sessions: 1, websocketClients: 1 })
  events.socket.close()
  await events.closed
})

test('it is connected again after a restart, without a scan', async () => {
  await gateway.stopApp()
  await phone.waitForDevice('offline')
  await gateway.startApp()
  await phone.waitForDevice('online')
  await expect.poll(health).toMatchObject({ sessions: 1 })
  expect(await phone.devices()).toHaveLength(1)
})

test('it is connected again after a lost line', async () => {
  const [device] = await phone.devices()
  const login = { direction: 'out', tag: 'success', account: phone.phoneNumber } as const
  const since = (await gateway.simulator.ledger()).at(-1)?.seq ?? 0
  gateway.simulator.device(phone.phoneNumber, device?.deviceId ?? 0).drop()
  await gateway.simulator.waitForStanza({ ...login, since })
  await rows.waitFor(`select 1 from sessions where state = 'connected' and reason is null`)
})

test('linking the account again supersedes the earlier session and says so', async () => {
  const [older] = await rows.query<{ id: string }>(`select id from sessions where phone_number = $1`, [
    phone.phoneNumber,
  ])
  const newer = await link()
  expect(
    await rows.query(`select id, state from sessions where phone_number = $1 order by created_at`, [phone.phoneNumber]),
  ).toEqual([
    { id: older?.id, state: 'superseded' },
    { id: newer, state: 'connected' },
  ])
  expect(await rows.query('select count(*)::int as people from people')).toEqual([{ people: 1 }])
  expect(await rows.query(`select reason from link_attempts where session_id = $1`, [newer])).toEqual([
    { reason: 'superseded_older' },
  ])
  await expect.poll(health).toMatchObject({ sessions: 1 })
})

test('the owner who unlinks on the phone finds the session logged out and nothing trying again', async () => {
  const devices = await phone.devices()
  await phone.unlink(devices.at(-1)?.deviceId ?? 0)
  await rows.waitFor(`select 1 from sessions where state = 'logged_out' and reason = 'logged_out'`)
  await expect.poll(health).toMatchObject({ sessions: 0 })
  const [{ wanted } = { wanted: 0 }] = await rows.query<{ wanted: number }>(
    'select count(*)::int as wanted from session_leases where wanted',
  )
  expect(wanted).toBe(0)
})
