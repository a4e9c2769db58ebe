import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { JOBS_SCHEMA } from '../src/backend/database/job-queue.js'
import type { Phone } from '../src/simulator/index.js'
import { Operator } from './support/operator.js'
import { Rows } from './support/rows.js'
import { TestGateway } from './support/test-gateway.js'

const token = randomBytes(32).toString('hex')
let gateway: TestGateway
let rows: Rows
let operator: Operator
let number = 254_700_001_600
let phone: Phone
let sessionId: string

beforeAll(async () => {
  gateway = await TestGateway.start({ env: { WHATSAPP_SERVICE_TOKEN: token } })
  rows = new Rows(gateway.database.ownerUrl)
  operator = new Operator(gateway.url, token)
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
})

beforeEach(async () => {
  phone = await gateway.simulator.phone(String(++number))
  const { body } = await operator.ask('POST', '/connect', {})
  await phone.scanPicture(Buffer.from(String(body['qrCode']).split(',')[1] ?? '', 'base64'))
  sessionId = String(body['sessionId'])
  await rows.waitFor(`select from link_attempts where session_id = $1 and phase = 'complete'`, [sessionId])
  await phone.waitForDevice('online')
})

const cleanUp = () => rows.query(`select from ${JOBS_SCHEMA}.add_job('session-cleanup')`)

const loginsOf = async () =>
  (await gateway.simulator.ledger({ direction: 'out', tag: 'success', account: phone.phoneNumber })).length

describe('a session that has expired', () => {
  const day = 24 * 60 * 60 * 1_000

  beforeEach(async () => {
    await operator.command(sessionId, 'disconnect')
    await phone.waitForDevice('offline')
    await rows.query(
      `update sessions set created_at = now() - interval '31 days', connected_at = now() - interval '31 days',
         notices = jsonb_build_object('expires_soon', now() - interval '4 days') where id = $1`,
      [sessionId],
    )
    await cleanUp()
    const { shred_at } = await rows.waitFor<{ shred_at: Date }>(
      `select shred_at from sessions where id = $1 and state = 'expired'`,
      [sessionId],
    )
    expect(Math.round((shred_at.getTime() - Date.now()) / day)).toBe(30)
  })

  test.each(['connect', 'reconnect'])(
    'comes back by %s while it is in quarantine, with the device it had',
    async name => {
      const [device] = await phone.devices()
      expect((await operator.view(sessionId)).body).toMatchObject({ state: 'expired', status: 'disconnected' })
      expect(await operator.command(sessionId, name)).toMatchObject({ status: 200, body: { status: 'connecting' } })
      await expect.poll(async () => (await operator.view(sessionId)).body).toMatchObject({ state: 'connected' })
      expect(await phone.devices()).toEqual([{ ...device, online: true, preKeysOnServer: expect.any(Number) }])
      expect(await rows.query(`select quarantined_at, shred_at from sessions where id = $1`, [sessionId])).toEqual([
        { quarantined_at: null, shred_at: null },
      ])
      // and stays: nothing of the expiry is left to happen
      await cleanUp()
      await rows.query(`select from ${JOBS_SCHEMA}.add_job('session-cleanup')`)
      expect((await operator.view(sessionId)).body).toMatchObject({ state: 'connected' })
    },
  )

  test('does not come back once its credentials are to be destroyed, or are, and says so', async () => {
    const refused = async () => {
      for (const name of ['connect', 'reconnect'])
        expect(await operator.command(sessionId, name)).toMatchObject({
          status: 409,
          body: {
            code: 'session_state',
            detail: expect.stringContaining('destroyed'),
            action: expect.stringContaining('Link the account again'),
          },
        })
      expect((await operator.view(sessionId)).body).toMatchObject({ state: 'expired' })
    }
    const before = await loginsOf()
    await rows.query(`update sessions set shred_at = now() where id = $1`, [sessionId])
    await refused()
    await cleanUp()
    await rows.waitFor(`select from sessions where id = $1 and shredded_at is not null`, [sessionId])
    await refused()
    expect(await rows.query(`select from session_credentials where session_id = $1`, [sessionId])).toEqual([])
    expect(await loginsOf()).toBe(before)
  })
})

describe('a session that WhatsApp has restricted', () => {
  const where = () => ({ phone: phone.phoneNumber, device: 1 })

  const restricted = async () => {
    await gateway.simulator.fault('fail-next-login', { reason: 402, code: 101, expire: 3_600, ...where() })
    await operator.command(sessionId, 'reconnect')
    await expect
      .poll(async () => (await operator.view(sessionId)).body)
      .toMatchObject({ state: 'disconnected', reason: { code: 'restricted' } })
    return String((await operator.view(sessionId)).body['until'])
  }

  const refused = async (until: string) => {
    const before = await loginsOf()
    for (const [path, body] of [
      [`/api/v1/sessions/${sessionId}/connect`, {}],
      [`/api/v1/sessions/${sessionId}/reconnect`, {}],
      ['/connect', { sessionId }],
      ['/reconnect', { sessionId }],
    ] as const)
      expect(await operator.ask('POST', path, body)).toMatchObject({
        status: 409,
        body: { code: 'session_state', error: expect.stringContaining(until), action: expect.stringMatching(/\w/) },
      })
    expect(await loginsOf()).toBe(before)
  }

  test('is not connected before its time, which every refusal names', async () => {
    const until = await restricted()
    expect(Date.parse(until)).toBeGreaterThan(Date.now() + 3_500_000)
    await refused(until)
    expect((await operator.view(sessionId)).body).toMatchObject({ state: 'disconnected', until })
    await rows.query(`update sessions set until = now() where id = $1`, [sessionId])
    expect(await operator.command(sessionId, 'connect')).toMatchObject({ status: 200 })
    await expect.poll(async () => (await operator.view(sessionId)).body).toMatchObject({ state: 'connected' })
  })

  test('is not connected before its time either when it was closed meanwhile', async () => {
    const until = await restricted()
    expect(await operator.command(sessionId, 'disconnect')).toMatchObject({
      status: 200,
      body: { state: 'disconnected' },
    })
    await refused(until)
  })

  const stored = async () => {
    const [row] = await rows.query<{ state: string; reason: string; until: Date; wanted: boolean }>(
      `select s.state, s.reason, s.until, l.wanted from sessions s join session_leases l on l.session_id = s.id where s.id = $1`,
      [sessionId],
    )
    return row
  }

  test('is not connected either to send its session ID', async () => {
    const until = await restricted()
    const before = await loginsOf()
    expect(await operator.command(sessionId, 'hand-off', { deliverSessionId: true })).toMatchObject({
      status: 409,
      body: { code: 'session_state', error: expect.stringContaining(until) },
    })
    expect(await loginsOf()).toBe(before)
    expect((await operator.view(sessionId)).body).toMatchObject({ state: 'disconnected', until })
  })

  test.each([
    ['logged out', 'POST', '/logout', true],
    ['deleted', 'DELETE', '', true],
    ['logged out after it was closed', 'POST', '/logout', false],
  ] as const)(
    'that is %s is so when the restriction has ended, and not before',
    async (_what, method, path, runs) => {
      const until = await restricted()
      if (!runs) await operator.command(sessionId, 'disconnect')
      const before = await loginsOf()
      const answer = await operator.ask(
        method,
        `/api/v1/sessions/${sessionId}${path}`,
        method === 'POST' ? {} : undefined,
      )
      expect(answer).toMatchObject({ status: 200, body: { state: 'disconnected' } })
      const kept = { state: 'disconnected', reason: 'restricted', until: new Date(until), wanted: true }
      expect(await stored()).toEqual(kept)
      // a deletion that waits for it is not given up
      await rows.query(
        `update sessions set deleted_at = now() - interval '11 minutes' where id = $1 and deleted_at is not null`,
        [sessionId],
      )
      await cleanUp()
      await rows.waitFor(
        `select where not exists (select from ${JOBS_SCHEMA}.jobs where task_identifier like '%cleanup')`,
      )
      expect(await stored()).toEqual(kept)
      expect(await loginsOf()).toBe(before)
      expect(await phone.devices()).toHaveLength(1)
      // another process takes it up, later
      await rows.query(`update sessions set until = now() where id = $1`, [sessionId])
      await rows.query(`update session_leases set epoch = epoch + 1 where session_id = $1`, [sessionId])
      await expect.poll(() => phone.devices(), { timeout: 30_000 }).toEqual([])
      await rows.waitFor(`select from sessions where id = $1 and state = 'logged_out'`, [sessionId])
    },
    90_000,
  )
})
