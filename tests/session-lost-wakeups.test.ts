import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Phone } from '../src/simulator/index.js'
import { LostWakeups } from './support/lost-wakeups.js'
import { Operator } from './support/operator.js'
import { Rows } from './support/rows.js'
import { SecondNode } from './support/second-node.js'
import { TestGateway } from './support/test-gateway.js'

const token = randomBytes(32).toString('hex')
let gateway: TestGateway
let other: SecondNode
let rows: Rows
let wakeups: LostWakeups
/** Asks the node that runs the session … */
let here: Operator
/** … and one that does not. */
let there: Operator
let number = 254_700_001_500

beforeAll(async () => {
  gateway = await TestGateway.start({ env: { WHATSAPP_SERVICE_TOKEN: token } })
  other = await SecondNode.start(gateway)
  rows = new Rows(gateway.database.ownerUrl)
  wakeups = await LostWakeups.begin(gateway.database.ownerUrl)
  here = new Operator(gateway.url, token)
  there = new Operator(other.url, token)
})

afterAll(async () => {
  const { lost, heard } = await wakeups.counts()
  expect(heard).toBe(0)
  expect(lost).toBeGreaterThan(0)
  await wakeups[Symbol.asyncDispose]()
  await rows[Symbol.asyncDispose]()
  await other[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
})

async function link(asked = here): Promise<{ phone: Phone; sessionId: string }> {
  const phone = await gateway.simulator.phone(String(++number))
  const { body } = await asked.ask('POST', '/connect', {})
  await phone.scanPicture(Buffer.from(String(body['qrCode']).split(',')[1] ?? '', 'base64'))
  const sessionId = String(body['sessionId'])
  await rows.waitFor(`select from link_attempts where session_id = $1 and phase = 'complete'`, [sessionId])
  await phone.waitForDevice('online')
  return { phone, sessionId }
}

const isIn = (sessionId: string, state: string) =>
  rows.waitFor(`select from sessions where id = $1 and state = $2`, [sessionId, state])

const loginsOf = async (phone: Phone) =>
  (await gateway.simulator.ledger({ direction: 'out', tag: 'success', account: phone.phoneNumber })).length

describe('a command of which nobody is woken is found all the same', () => {
  let phone: Phone
  let sessionId: string

  beforeEach(async () => {
    ;({ phone, sessionId } = await link())
  })

  test('to disconnect, and to connect', async () => {
    await there.command(sessionId, 'disconnect')
    await phone.waitForDevice('offline')
    await there.command(sessionId, 'connect')
    await phone.waitForDevice('online')
    await isIn(sessionId, 'connected')
  })

  test('to reconnect', async () => {
    const before = await loginsOf(phone)
    await there.command(sessionId, 'reconnect')
    await expect.poll(() => loginsOf(phone)).toBe(before + 1)
    await isIn(sessionId, 'connected')
  })

  test('to log out', async () => {
    expect(await there.command(sessionId, 'logout')).toMatchObject({ status: 200, body: { state: 'logged_out' } })
    expect(await phone.devices()).toEqual([])
  })

  test('to hand off, without and with the session ID', async () => {
    await there.command(sessionId, 'hand-off')
    await phone.waitForDevice('offline')
    expect(await phone.messages(phone.jid)).toEqual([])
    const second = await link()
    await there.command(second.sessionId, 'hand-off', { deliverSessionId: true })
    await isIn(second.sessionId, 'handed_off')
    await second.phone.waitForDevice('offline')
    expect(await second.phone.messages(second.phone.jid)).toHaveLength(2)
  })
})

test('sessions that a node gives up when it stops are found and taken by another', async () => {
  const leaving = await SecondNode.start(gateway)
  const { phone, sessionId } = await link(new Operator(leaving.url, token))
  const before = await loginsOf(phone)
  await leaving[Symbol.asyncDispose]()
  await expect.poll(() => loginsOf(phone)).toBe(before + 1)
  await phone.waitForDevice('online')
  await isIn(sessionId, 'connected')
})
