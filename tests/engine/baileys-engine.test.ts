import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { KeyStore } from '../../src/backend/engine/keystore.js'
import type { SessionSource } from '../../src/session/index.js'
import { EngineRig } from '../support/engine-rig.js'
import { Rows } from '../support/rows.js'

let rig: EngineRig
let rows: Rows

beforeAll(async () => {
  rig = await EngineRig.start()
  rows = new Rows(rig.clone.ownerUrl)
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await rig[Symbol.asyncDispose]()
})

/** A key store that tells of each commit before it makes it. */
function watched(keys: KeyStore, tell: (change: Parameters<KeyStore['commit']>[0]) => void): KeyStore {
  return new Proxy(keys, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...args: unknown[]): unknown => {
        if (name === 'commit') tell(args[0] as Parameters<KeyStore['commit']>[0])
        return Reflect.apply(value, target, args)
      }
    },
  })
}

describe('linking', () => {
  test('a phone is announced only when its credentials are stored', async () => {
    const phone = await rig.phone()
    const account = await rig.account()
    account.connect()
    const { qr, expiresInMs } = await account.next('qr')
    expect(expiresInMs).toBe(60_000)
    await phone.scan(qr)
    expect((await account.next('paired')).account).toMatchObject({ phoneNumber: phone.phoneNumber, pn: phone.jid })
    const stored = await rows.query(`select staged from session_credentials where session_id = $1`, [
      account.identity.sessionId,
    ])
    expect(stored).toEqual([{ staged: true }])
    expect((await account.next('closed')).reason).toMatchObject({
      plane: 'stream',
      kind: 'restart_required',
      status: 515,
    })
  })

  test('credentials that cannot be stored: the pair reply never leaves', async () => {
    const phone = await rig.phone()
    const account = await rig.account()
    account.connect()
    const { qr } = await account.next('qr')
    await rows.query(`update session_leases set epoch = epoch + 1 where session_id = $1`, [account.identity.sessionId])
    await phone.scan(qr)
    expect((await account.next('closed')).reason).toMatchObject({ plane: 'storage', kind: 'fenced' })
    await phone.waitForQuiet()
    expect(
      await rig.simulator.ledger({ direction: 'in', child: 'pair-device-sign', account: phone.phoneNumber }),
    ).toEqual([])
    expect(account.of('paired')).toEqual([])
  })
})

describe('sending', () => {
  test('the verdict is the server’s ack: stored, refused, or not known', async () => {
    const phone = await rig.phone()
    const contact = await rig.phone()
    const account = await rig.linked(phone)
    const { connection } = account

    expect(await connection.send(connection.buildText(contact.jid, 'one'), 20_000)).toEqual({ outcome: 'sent' })

    rig.simulator.device(phone.phoneNumber, 1).refuseNextMessage(463)
    expect(await connection.send(connection.buildText(contact.jid, 'two'), 20_000)).toEqual({
      outcome: 'refused',
      code: '463',
    })

    const hold = await rig.simulator.hold({
      direction: 'out',
      tag: 'ack',
      account: phone.phoneNumber,
      where: { class: 'message' },
    })
    const message = connection.buildText(contact.jid, 'three')
    expect(await connection.send(message, 2_000)).toEqual({ outcome: 'unconfirmed' })
    await hold.drop()
    expect(await connection.send(message, 20_000)).toEqual({ outcome: 'sent' })
    await contact.waitForQuiet()
    const received = (await contact.messages(phone.jid)).map(({ id, text }) => ({ id, text }))
    expect(received.filter(({ text }) => text === 'three')).toEqual([{ id: message.waMessageId, text: 'three' }])
  })

  test('a lost line leaves the verdict open at once', async () => {
    const phone = await rig.phone()
    const account = await rig.linked(phone)
    const { connection } = account
    const hold = await rig.simulator.hold({
      direction: 'out',
      tag: 'ack',
      account: phone.phoneNumber,
      where: { class: 'message' },
    })
    const sending = connection.send(connection.buildText(phone.jid, 'lost'), 60_000)
    await hold.reached
    rig.simulator.device(phone.phoneNumber, 1).drop()
    expect(await sending).toEqual({ outcome: 'unconfirmed' })
    await hold.drop()
  })
})

describe('a socket that ends', () => {
  test('an HTTP answer instead of the upgrade ends the connection and touches nothing', async () => {
    const account = await rig.account()
    await rig.simulator.fault('upgrade-status', { status: 403 })
    try {
      account.connect()
      expect((await account.next('closed')).reason).toMatchObject({ plane: 'http', kind: 'unreachable', status: 403 })
    } finally {
      await rig.simulator.fault('upgrade-status', { status: 0 })
    }
    expect(
      await rows.query(`select 1 from session_credentials where session_id = $1`, [account.identity.sessionId]),
    ).toEqual([])
  })

  test('a frame that cannot be decoded costs one connection, not the process', async () => {
    const unhandled: unknown[] = []
    const note = (error: unknown) => unhandled.push(error)
    process.on('unhandledRejection', note)
    const phone = await rig.phone()
    const account = await rig.linked(phone)
    const closed = account.count('closed')
    rig.simulator.device(phone.phoneNumber, 1).sendGarbageFrame()
    expect((await account.next('closed', closed)).reason).toMatchObject({
      plane: 'local',
      kind: 'undecodable_frame',
      status: null,
    })
    const connection = await account.open()
    expect(await connection.send(connection.buildText(phone.jid, 'still here'), 20_000)).toEqual({ outcome: 'sent' })
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })

  test.each([
    [503, { plane: 'stream', kind: 'server_error', status: 503 }],
    [515, { plane: 'stream', kind: 'restart_required', status: 515 }],
    [401, { plane: 'stream', kind: 'logged_out', status: 401 }],
  ])('stream error %i', async (code, reason) => {
    const phone = await rig.phone()
    const account = await rig.linked(phone)
    const closed = account.count('closed')
    rig.simulator.device(phone.phoneNumber, 1).streamError(code)
    expect((await account.next('closed', closed)).reason).toMatchObject(reason)
  })

  test('a refused login is told with its number', async () => {
    const phone = await rig.phone()
    const account = await rig.linked(phone)
    await account.close()
    rig.simulator.device(phone.phoneNumber, 1).failNextLogin(405)
    const closed = account.count('closed')
    account.connect()
    expect((await account.next('closed', closed)).reason).toMatchObject({
      plane: 'login',
      kind: 'engine_outdated',
      status: 405,
    })
  })
})

describe('credentials', () => {
  test('survive a restart: stored once, read back, the same device is open again', async () => {
    const phone = await rig.phone()
    const account = await rig.linked(phone)
    await account.next('app_state_keys')
    await account.close()
    await account.reload()
    const connection = await account.open()
    expect(connection.hasAppStateKeys()).toBe(true)
    expect(await phone.devices()).toHaveLength(1)
    expect(await rig.simulator.problems()).toEqual([])
  })

  test('the app-state keys that the phone shares once are stored in the commit that lets the message be acknowledged', async () => {
    const commits: Parameters<KeyStore['commit']>[0][] = []
    const account = await rig.account()
    await account.link(await rig.phone(), keys => watched(keys, change => commits.push(change)))
    await account.next('app_state_keys')
    const [sharing] = commits.filter(({ keys }) => keys?.has('app-state-sync-key'))
    expect(sharing?.journal).toHaveLength(1)
    expect(sharing?.credentials).toBeDefined()

    // whoever dies right after that commit finds both again
    await account.close()
    await account.reload()
    expect((await account.open()).hasAppStateKeys()).toBe(true)
  })

  test('a session ID made while the app-state keys are being stored waits for them', async () => {
    const account = await rig.account()
    let carried: Promise<SessionSource> | null = null
    await account.link(await rig.phone(), keys =>
      watched(keys, change => {
        // asked for at the worst moment: named already, not stored yet
        if (change.keys?.has('app-state-sync-key'))
          queueMicrotask(() => void (carried ??= account.connection.portableCredentials()))
      }),
    )
    await account.next('app_state_keys')
    const source = await (carried as Promise<SessionSource> | null)
    expect(Object.keys(source?.appStateSyncKeys ?? {})).toEqual([source?.creds.myAppStateKeyId])
  })

  test('no pre-key row exists: all keys follow from the sealed seed, also after a top-up', async () => {
    const phone = await rig.phone()
    const account = await rig.linked(phone)
    rig.simulator.device(phone.phoneNumber, 1).drainPreKeys(0)
    await rig.simulator.waitForStanza({ direction: 'in', tag: 'iq', child: 'registration', account: phone.phoneNumber })
    const stranger = await rig.phone()
    await stranger.send(phone, 'first words')
    await account.hears('first words')
    expect(await rows.query(`select 1 from signal_keys where type = 'pre-key'`)).toEqual([])
    expect(await rig.simulator.ledger({ type: 'retry', account: phone.phoneNumber })).toEqual([])
    expect(await rig.simulator.problems()).toEqual([])
  })

  test('a node that lost the session is fenced at its next write and never acknowledges', async () => {
    const phone = await rig.phone()
    const account = await rig.linked(phone)
    await account.next('app_state_keys')
    await phone.waitForQuiet()
    await rows.query(`update session_leases set epoch = epoch + 1, node_id = $2 where session_id = $1`, [
      account.identity.sessionId,
      randomUUID(),
    ])
    const stranger = await rig.phone()
    const closed = account.count('closed')
    const { id } = await stranger.send(phone, 'who reads this?')
    expect((await account.next('closed', closed)).reason).toMatchObject({ plane: 'storage', kind: 'fenced' })
    for (const tag of ['receipt', 'ack']) {
      expect(await rig.simulator.ledger({ direction: 'in', tag, id, account: phone.phoneNumber, device: 1 })).toEqual(
        [],
      )
    }
  })

  test.each(['reject', 'hang'] as const)('a read that would %s is never taken for an absent key', async fate => {
    const phone = await rig.phone()
    const account = await rig.linked(phone)
    const stranger = await rig.phone()
    await stranger.send(phone, 'hello')
    await account.hears('hello')
    await phone.waitForQuiet()
    await account.close()

    const ratchets = () =>
      rows.query(`select id, value from signal_keys where session_id = $1 and type = 'session' order by id`, [
        account.identity.sessionId,
      ])
    // the stored ratchet of one contact is damaged, or out of reach behind a lock
    const held = await ratchets()
    await using lock = new Rows(rig.clone.ownerUrl)
    if (fate === 'hang') {
      await lock.query('begin')
      await lock.query('lock table signal_keys in access exclusive mode')
    } else {
      await rows.query(
        `update signal_keys set value = set_byte(value, 40, get_byte(value, 40) # 1) where session_id = $1 and type = 'session'`,
        [account.identity.sessionId],
      )
    }
    const before = fate === 'hang' ? held : await ratchets()
    const closed = account.count('closed')
    await account.reload()
    account.connect()
    const { id } = await stranger.send(phone, 'again')
    const kind = fate === 'hang' ? 'storage_error' : 'storage_damaged'
    expect((await account.next('closed', closed)).reason).toMatchObject({ plane: 'storage', kind })
    for (const tag of ['receipt', 'ack']) {
      expect(await rig.simulator.ledger({ direction: 'in', tag, id, account: phone.phoneNumber, device: 1 })).toEqual(
        [],
      )
    }
    if (fate === 'hang') await lock.query('rollback')
    expect(await ratchets()).toEqual(before)
    await expect(account.keys.read('session', ['x'])).rejects.toMatchObject({ code: kind })
  })
})
