import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Phone } from '../src/simulator/index.js'
import { Rows } from './support/rows.js'
import { TestGateway } from './support/test-gateway.js'
import type { Visitor } from './support/visitor.js'

let gateway: TestGateway
let rows: Rows
let phone: Phone
let visitor: Visitor
let number = 254_715_000_000

beforeAll(async () => {
  gateway = await TestGateway.start()
  rows = new Rows(gateway.database.ownerUrl)
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
})

beforeEach(async () => {
  phone = await gateway.simulator.phone(String(++number))
  visitor = gateway.visitor()
})

describe('a request that is broken off before its answer', () => {
  /** Begins to ask for a code and breaks it off once the attempt is stored: the answer comes no sooner than a second later. */
  async function askAndLeave(cookie?: string): Promise<string> {
    const [{ now } = { now: '' }] = await rows.query<{ now: string }>(`select clock_timestamp()::text as now`)
    const leaving = new AbortController()
    const asking = fetch(`${gateway.url}/api/sessions/start`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(cookie !== undefined && { cookie }) },
      body: JSON.stringify({ phoneNumber: phone.phoneNumber }),
      signal: leaving.signal,
    })
    const { session_id } = await rows.waitFor<{ session_id: string }>(
      `select session_id from link_attempts where created_at > $1`,
      [now],
    )
    leaving.abort()
    await expect(asking).rejects.toThrow()
    return session_id
  }

  test('ends an attempt that nobody could find again, and frees its number', async () => {
    const left = await askAndLeave()
    await rows.waitFor(`select from link_attempts where session_id = $1 and phase = 'cancelled'`, [left])
    expect(await rows.query(`select reason from link_attempts where session_id = $1`, [left])).toEqual([
      { reason: 'left_early' },
    ])
    for (const table of ['session_credentials', 'signal_keys', 'data_keys', 'session_leases'])
      expect(await rows.query(`select from ${table} where session_id = $1`, [left]), table).toEqual([])
    await expect.poll(() => rows.query(`select from link_places where session_id = $1`, [left])).toEqual([])
    const { sessionId, pairingCode } = await visitor.startByCode(phone.phoneNumber)
    await phone.enterCode(pairingCode)
    await rows.waitFor(`select from link_attempts where session_id = $1 and phase = 'complete'`, [sessionId])
  })

  test('keeps the attempt of a browser that is known: it finds its code after a reload', async () => {
    const earlier = await visitor.start()
    await visitor.request('DELETE', `/api/sessions/${earlier.sessionId}`)
    const left = await askAndLeave(visitor.cookie ?? '')
    expect((await visitor.view()).sessionId).toBe(left)
    const { sessionId, pairingCode } = await visitor.startByCode(phone.phoneNumber)
    expect(sessionId).toBe(left)
    expect(await phone.codeRequests()).toHaveLength(1)
    await phone.enterCode(pairingCode)
    await rows.waitFor(`select from link_attempts where session_id = $1 and phase = 'complete'`, [sessionId])
  })
})
