import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { LinkAttemptView } from '../../src/contract/linking.js'
import type { Phone, StanzaMatch } from '../../src/simulator/index.js'
import type { GatewayProcess } from './gateway-process.js'
import { pictureOf } from './picture-of.js'
import { ProcessRig } from './process-rig.js'
import { Rows } from './rows.js'
import type { Visitor } from './visitor.js'

let rig: ProcessRig
let gateway: GatewayProcess
let visitor: Visitor
let phone: Phone

export type Method = 'qr' | 'code'

const start = (method: Method) => (method === 'qr' ? visitor.start() : visitor.startByCode(phone.phoneNumber))

/** Starts an attempt and lets the phone agree, by scan or by code; does not wait for anything after that. */
async function agree(method: Method): Promise<string> {
  const started = await start(method)
  if ('pairingCode' in started) await phone.enterCode(started.pairingCode)
  else await phone.scanPicture(pictureOf(started.qrCode))
  return started.sessionId
}

async function killAndRestart(): Promise<void> {
  gateway = await rig.killAndRestart()
  visitor = gateway.visitor(visitor.cookie)
}

async function ended(sessionId: string): Promise<LinkAttemptView> {
  await rig.rows.waitFor(
    `select phase from link_attempts where session_id = $1 and phase in ('complete', 'failed', 'expired', 'cancelled')`,
    [sessionId],
  )
  return visitor.view(sessionId)
}

async function expectOneOfEach(sessionId: string): Promise<void> {
  expect(await ended(sessionId)).toMatchObject({ phase: 'complete', state: 'handed_off', reason: null })
  await phone.waitForQuiet()
  const texts = (await phone.messages(phone.jid)).map(message => message.text ?? message.undecryptable)
  expect(texts).toEqual([expect.stringMatching(/^WHIZLITE_/), expect.stringContaining(phone.phoneNumber)])
  expect(
    await rig.rows.query(
      `select 1 from outbox_messages where session_id = $1 and kind = 'secret' and proto is not null`,
      [sessionId],
    ),
  ).toEqual([])
}

async function expectEndedAndTold(sessionId: string): Promise<void> {
  const view = await ended(sessionId)
  expect(view).toMatchObject({ phase: 'expired', reason: { code: 'node_lost' } })
  expect(view.reason?.action).toContain('Linked devices')
  const shown = `select qr, code, expected_number from link_attempts where session_id = $1`
  expect(await rig.rows.query(shown, [sessionId])).toEqual([{ qr: null, code: null, expected_number: null }])
  for (const table of ['session_credentials', 'signal_keys', 'inbound_journal', 'data_keys', 'sessions']) {
    const column = table === 'sessions' ? 'id' : 'session_id'
    expect(await rig.rows.query(`select 1 from ${table} where ${column} = $1`, [sessionId]), table).toEqual([])
  }
  await phone.waitForQuiet()
  expect(await phone.messages(phone.jid)).toEqual([])
}

/** A gateway for the tests of a file, started anew after each kill. */
export function withGateway(): void {
  beforeAll(async () => {
    rig = await ProcessRig.open({ LOG_LEVEL: 'debug' })
  })

  afterAll(() => rig[Symbol.asyncDispose]())

  // what the test before has restarted serves the next one
  beforeEach(async () => {
    phone = await rig.phone()
    gateway = rig.running ?? (await rig.start())
    visitor = gateway.visitor()
  })
}

/** Points that each method passes in a way of its own. */
export function killedBeforeLinked(methods: readonly Method[]): void {
  describe.each(methods)('a gateway killed with SIGKILL before the account is linked, by %s', method => {
    test('while there is something to show: the attempt is over and says so', async () => {
      const { sessionId } = await start(method)
      await killAndRestart()
      await expectEndedAndTold(sessionId)
    })

    test('after the phone has agreed, before pair-success arrives: over, nothing half-linked', async () => {
      const hold = await rig.simulator.hold({ direction: 'out', tag: 'iq', child: 'pair-success' })
      const agreeing = agree(method)
      await hold.reached
      const { session_id: sessionId } = await rig.rows.waitFor<{ session_id: string }>(
        `select session_id from link_attempts where phase = 'scanning'`,
      )
      await killAndRestart()
      await hold.drop()
      await agreeing.catch(() => {})
      await expectEndedAndTold(sessionId)
    })

    test('after the phone has agreed, when the pair reply has left: its credentials were stored before', async () => {
      const hold = await rig.simulator.hold({
        direction: 'in',
        tag: 'iq',
        child: 'pair-device-sign',
        account: phone.phoneNumber,
      })
      const sessionId = await agree(method)
      await hold.reached
      expect(await rig.rows.query(`select staged from session_credentials where session_id = $1`, [sessionId])).toEqual(
        [{ staged: true }],
      )
      await killAndRestart()
      await hold.drop()
      await expectEndedAndTold(sessionId)
    })
  })
}

/** Points after promotion, where only the beginning was another. */
export function killedOnceLinked(methods: readonly Method[]): void {
  describe.each(methods)('a gateway killed with SIGKILL once the account is linked, by %s', method => {
    test('after promotion: the restarted gateway finishes the link', async () => {
      // nobody can store a string as long as somebody else looks at the whole table
      await using lock = new Rows(rig.database.ownerUrl)
      await lock.query('begin')
      await lock.query('lock table session_strings in share mode')
      const sessionId = await agree(method)
      await rig.rows.waitFor(`select 1 from link_attempts where session_id = $1 and phase = 'preparing'`, [sessionId])
      expect(await rig.rows.query(`select state from sessions where id = $1`, [sessionId])).toEqual([
        { state: 'connected' },
      ])
      await killAndRestart()
      await lock.query('rollback')
      await expectOneOfEach(sessionId)
    })

    // a trigger that waits for a lock of the test: the gateway stands still at exactly this write
    const standstills = [
      ['after storing the string, before anything is sent', 'outbox_messages', `new.state = 'sending'`],
      ['after both acks, before the end is stored', 'link_attempts', `new.phase = 'complete'`],
    ] as const

    test.each(standstills)('%s: exactly one of each on the phone', async (_name, table, condition) => {
      await using lock = new Rows(rig.database.ownerUrl)
      await lock.query('select pg_advisory_lock(4711)')
      await rig.rows.query(`
        create function stand_still() returns trigger language plpgsql as $$
          begin perform pg_advisory_xact_lock_shared(4711); return new; end $$;
        create trigger stand_still before update on ${table} for each row when (${condition}) execute function stand_still()`)
      const sessionId = await agree(method)
      await rig.rows.waitFor(
        `select from pg_stat_activity where datname = current_database() and wait_event = 'advisory'`,
      )
      const sent = await rig.simulator.ledger({
        direction: 'in',
        tag: 'message',
        account: phone.phoneNumber,
        device: 1,
      })
      expect(sent.length).toBe(table === 'outbox_messages' ? 0 : 2)
      await gateway.kill()
      await lock.query('select pg_advisory_unlock(4711)')
      await rig.rows.query(`drop trigger stand_still on ${table}; drop function stand_still`)
      await killAndRestart()
      await expectOneOfEach(sessionId)
    })

    const sends: [string, number, StanzaMatch['direction'], 'drop' | 'release'][] = [
      ['after storing the string, message 1 written and lost', 1, 'in', 'drop'],
      ['after storing the string, message 1 written and arriving', 1, 'in', 'release'],
      ['after message 1, its ack under way', 1, 'out', 'drop'],
      ['after message 2 was written', 2, 'in', 'release'],
      ['after message 2, its ack under way', 2, 'out', 'drop'],
    ]

    test.each(sends)('%s: exactly one of each on the phone', async (_name, nth, direction, fate) => {
      const match: StanzaMatch = { direction, tag: direction === 'in' ? 'message' : 'ack', account: phone.phoneNumber }
      let hold = await rig.simulator.hold(direction === 'in' ? match : { ...match, where: { class: 'message' } })
      const sessionId = await agree(method)
      await hold.reached
      if (nth === 2) {
        const first = hold
        hold = await rig.simulator.hold(direction === 'in' ? match : { ...match, where: { class: 'message' } })
        await first.release()
        await hold.reached
      }
      await killAndRestart()
      await (fate === 'drop' ? hold.drop() : hold.release())
      await expectOneOfEach(sessionId)
    })

    test('a lease that really runs out is taken over', async () => {
      const hold = await rig.simulator.hold({ direction: 'in', tag: 'message', account: phone.phoneNumber })
      const sessionId = await agree(method)
      await hold.reached
      await gateway.kill()
      await hold.drop()
      visitor = (await rig.start()).visitor(visitor.cookie)
      await expectOneOfEach(sessionId)
    })
  })
}

/** Points that linking by code has alone. */
export function killedWithCode(): void {
  describe('a gateway killed with SIGKILL, linking by code alone', () => {
    test('after the code was asked for, before it is given: nothing of the number or its credentials is kept', async () => {
      const hold = await rig.simulator.hold({
        direction: 'out',
        tag: 'iq',
        type: 'result',
        child: 'link_code_companion_reg',
      })
      const starting = visitor.startByCode(phone.phoneNumber).catch(() => {})
      await hold.reached
      const { session_id: sessionId } = await rig.rows.waitFor<{ session_id: string }>(
        `select session_id from link_attempts where phase = 'starting'`,
      )
      await gateway.kill()
      await starting
      await hold.drop()
      await killAndRestart()
      await rig.rows.waitFor(
        `select from link_attempts where session_id = $1 and phase = 'expired' and reason = 'node_lost'`,
        [sessionId],
      )
      const kept = `select code, expected_number from link_attempts where session_id = $1`
      expect(await rig.rows.query(kept, [sessionId])).toEqual([{ code: null, expected_number: null }])
      for (const table of ['session_credentials', 'data_keys', 'session_leases'])
        expect(await rig.rows.query(`select from ${table} where session_id = $1`, [sessionId]), table).toEqual([])
      await expect.poll(() => rig.rows.query(`select from link_places where session_id = $1`, [sessionId])).toEqual([])
    })

    test('after a wrong code was typed: over, and the right one links nothing any more', async () => {
      const { sessionId, pairingCode } = await visitor.startByCode(phone.phoneNumber)
      await expect(phone.enterCode('ZZZZ-ZZZZ')).rejects.toMatchObject({ code: 'code_wrong' })
      await rig.rows.waitFor(`select from link_attempts where session_id = $1 and code_entered`, [sessionId])
      await killAndRestart()
      await expectEndedAndTold(sessionId)
      await expect(phone.enterCode(pairingCode)).rejects.toMatchObject({ code: 'code_expired' })
      expect(await phone.devices()).toEqual([])
    })

    test('while the wrong account is logging in: no session, no message, and the page says where to look', async () => {
      const other = await rig.phone()
      const hold = await rig.simulator.hold({ direction: 'out', tag: 'success', account: other.phoneNumber })
      const { sessionId, pairingCode } = await visitor.startByCode(phone.phoneNumber)
      await other.enterCode(pairingCode, { of: phone.phoneNumber })
      await hold.reached
      await killAndRestart()
      await hold.drop()
      await expectEndedAndTold(sessionId)
      await other.waitForQuiet()
      expect(await other.messages(other.jid)).toEqual([])
    })
  })
}
