import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { LinkAttemptView } from '../src/contract/linking.js'
import type { Phone } from '../src/simulator/index.js'
import type { GatewayProcess } from './support/gateway-process.js'
import { pictureOf } from './support/picture-of.js'
import { ProcessRig } from './support/process-rig.js'
import { TcpProxy } from './support/tcp-proxy.js'
import type { Visitor } from './support/visitor.js'

let rig: ProcessRig
let line: TcpProxy
let gateway: GatewayProcess
let visitor: Visitor
let phone: Phone

// one gateway for all: it has to live on without a restart
beforeAll(async () => {
  rig = await ProcessRig.open({ LOG_LEVEL: 'debug' })
  line = await TcpProxy.open(rig.database.ownerUrl)
  gateway = await rig.start({ DATABASE_URL: line.through(rig.database.ownerUrl) })
})

afterAll(async () => {
  await line.restore()
  await gateway.stop()
  await line[Symbol.asyncDispose]()
  await rig[Symbol.asyncDispose]()
})

beforeEach(async () => {
  phone = await rig.phone()
  visitor = gateway.visitor()
})

afterEach(async () => {
  await line.restore()
  await expect.poll(health).toBe('healthy')
})

const health = async () => (await visitor.request('GET', '/health')).body['status']

/** Until the gateway has noticed, so that what follows really happens during the outage. */
const noticed = () => expect.poll(health).toBe('degraded')

const scan = (qrCode: string): Promise<unknown> => phone.scanPicture(pictureOf(qrCode))

async function ended(sessionId: string): Promise<LinkAttemptView> {
  await rig.rows.waitFor(
    `select from link_attempts where session_id = $1 and phase in ('complete', 'failed', 'expired', 'cancelled')`,
    [sessionId],
  )
  return visitor.view(sessionId)
}

/** The visitor is told, nobody keeps a device or a key, and nothing was sent. */
async function expectFailedAndTold(sessionId: string): Promise<void> {
  const events = visitor.listen()
  const end = await events.waitForEvent('link_ended')
  expect(end.data).toEqual({ sessionId, phase: 'failed', reason: 'storage_error' })
  events.socket.close()
  expect(await ended(sessionId)).toMatchObject({ phase: 'failed', reason: { code: 'storage_error' } })
  for (const table of ['session_credentials', 'signal_keys', 'inbound_journal', 'data_keys', 'sessions']) {
    const column = table === 'sessions' ? 'id' : 'session_id'
    expect(await rig.rows.query(`select from ${table} where ${column} = $1`, [sessionId]), table).toEqual([])
  }
  await phone.waitForQuiet()
  expect(await phone.messages(phone.jid)).toEqual([])
  await expect.poll(async () => (await phone.devices()).filter(device => device.confirmed)).toEqual([])
}

async function expectOneOfEach(sessionId: string): Promise<void> {
  expect(await ended(sessionId)).toMatchObject({ phase: 'complete', state: 'handed_off', reason: null })
  expect(await pairReplies()).toHaveLength(1)
  await phone.waitForQuiet()
  const texts = (await phone.messages(phone.jid)).map(message => message.text ?? message.undecryptable)
  expect(texts).toEqual([expect.stringMatching(/^WHIZLITE_/), expect.stringContaining(phone.phoneNumber)])
  expect(
    await rig.rows.query(
      `select from outbox_messages where session_id = $1 and kind = 'secret' and proto is not null`,
      [sessionId],
    ),
  ).toEqual([])
}

const pairReplies = () =>
  rig.simulator.ledger({ direction: 'in', child: 'pair-device-sign', account: phone.phoneNumber })

describe('while the database is away', () => {
  test('health says so, and says when it is back', async () => {
    expect(await health()).toBe('healthy')
    line.cut()
    await noticed()
    expect((await visitor.request('GET', '/health/live')).status).toBe(200)
    const ready = await visitor.request('GET', '/health/ready')
    // whichever it finds out first
    const code: unknown = expect.stringMatching(/^(database_unavailable|lease_lost)$/u)
    expect(ready).toMatchObject({ status: 503, body: { code } })
    expect(Number(ready.headers.get('retry-after'))).toBeGreaterThan(0)
    await line.restore()
    await expect.poll(health).toBe('healthy')
    expect((await visitor.request('GET', '/health/ready')).status).toBe(200)
  })

  test.each(['refuses', 'does not answer'])('and %s, nothing is started', async how => {
    const attempts = await rig.rows.query(`select from link_attempts`)
    const stanzas = await rig.simulator.ledger()
    if (how === 'refuses') line.cut()
    else line.stall()
    const asking = gateway.visitor(`whizlite-attempt=${'A'.repeat(43)}`)
    const answers = await Promise.all([
      asking.request('POST', '/api/sessions/start', {}),
      asking.request('GET', '/api/sessions/current'),
    ])
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 503, body: { code: 'database_unavailable' } })
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(answer.headers.getSetCookie()).toEqual([])
    }
    expect(await rig.simulator.ledger()).toEqual(stanzas)
    await line.restore()
    await expect.poll(health).toBe('healthy')
    expect(await rig.rows.query(`select from link_attempts`)).toEqual(attempts)
  })

  test('a code that is scanned links nothing yet: the reply that would confirm it waits for the database', async () => {
    const { sessionId, qrCode } = await visitor.start()
    await rig.rows.waitFor(`select from link_attempts where session_id = $1 and phase = 'scanning'`, [sessionId])
    const doubts = () => gateway.output.split('"lease_in_doubt"').length
    const before = doubts()
    line.cut()
    await expect.poll(doubts).toBeGreaterThan(before)
    await scan(qrCode)
    await noticed()
    expect(await pairReplies()).toEqual([])
    await line.restore()
    await expectOneOfEach(sessionId)
  })

  test('messages on their way are confirmed afterwards, once each', async () => {
    const hold = await rig.simulator.hold({ direction: 'in', tag: 'message', account: phone.phoneNumber })
    const { sessionId, qrCode } = await visitor.start()
    await scan(qrCode)
    await hold.reached
    line.cut()
    await noticed()
    await hold.release()
    await phone.waitForMessage({ fromMe: true })
    await line.restore()
    await expectOneOfEach(sessionId)
  })
})

describe('when the database goes away', () => {
  test.each([
    ['qr', 'set "qr" = '],
    ['code', 'set "code" = '],
  ])(
    'before the first %s can be stored, nobody is told of it: the start has failed, and says so',
    async (how, store) => {
      const earlier = await visitor.start()
      await visitor.request('DELETE', `/api/sessions/${earlier.sessionId}`)
      const cut = line.cutAt(store, 'before')
      const body = how === 'qr' ? {} : { phoneNumber: phone.phoneNumber }
      const answer = await visitor.request('POST', '/api/sessions/start', body)
      expect(answer).toMatchObject({ status: 503, body: { code: 'database_unavailable' } })
      await cut
      await noticed()
      await line.restore()
      const { sessionId } = await visitor.view()
      expect(sessionId).not.toBe(earlier.sessionId)
      await expectFailedAndTold(sessionId)
      expect((await phone.codeRequests()).filter(({ open }) => open)).toEqual([])
    },
  )

  test.each([
    ['as the credentials are to be stored', 'insert into session_credentials', 'before'],
    ['having stored the credentials untold', 'insert into session_credentials', 'after commit'],
  ] as const)('%s, the reply to the phone never leaves', async (_, statement, when) => {
    const { sessionId, qrCode } = await visitor.start()
    const cut = line.cutAt(statement, when)
    await scan(qrCode)
    await cut
    await noticed()
    await line.restore()
    await expectFailedAndTold(sessionId)
    expect(await pairReplies()).toEqual([])
  })

  test.each([
    ['as the scan is to be noted', 'qr_scanned', 'before'],
    ['having noted the scan untold', 'qr_scanned', 'after commit'],
    ['as it is to become a session', 'insert into "sessions"', 'before'],
    ['having made it a session untold', 'insert into "sessions"', 'after commit'],
    ['as the string is to be stored', 'insert into "session_strings"', 'before'],
    ['having stored the string untold', 'insert into "session_strings"', 'after commit'],
    ['before an attempt to send is noted', '"attempts" + ', 'before'],
    ['having noted the attempt to send untold', '"attempts" + ', 'after commit'],
    ['before an ack is noted', '"settled_at" =', 'before'],
    ['having noted an ack untold', '"settled_at" =', 'after commit'],
    ['before the end is stored', 'update "session_leases" set "wanted"', 'before'],
    ['having stored the end untold', 'update "session_leases" set "wanted"', 'after commit'],
  ] as const)('%s, the link is finished with one of each message', async (_, statement, when) => {
    const { sessionId, qrCode } = await visitor.start()
    const cut = line.cutAt(statement, when)
    await scan(qrCode)
    await cut
    await noticed()
    await line.restore()
    await expectOneOfEach(sessionId)
  })
})
