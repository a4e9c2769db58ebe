import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { codeFinishLimitMs, codeLifetimeMs, codeReplyLimitMs } from '../../src/backend/engine/baileys/pairing-code.js'
import { decodeCredentials } from '../../src/backend/engine/baileys/credentials.js'
import { EngineRig } from '../support/engine-rig.js'
import { shortWaits } from '../support/short-waits.js'
import { TcpProxy } from '../support/tcp-proxy.js'

let rig: EngineRig

beforeAll(async () => {
  rig = await EngineRig.start()
})

afterAll(() => rig[Symbol.asyncDispose]())

let waits: Disposable | null = null

afterEach(async () => {
  waits?.[Symbol.dispose]()
  waits = null
  await rig.simulator.assertClean()
})

const wrongCode = 'ZZZZ-ZZZZ'

describe('linking by code', () => {
  test('a code that the server took is shown; typed on the phone, it links the account', async () => {
    const phone = await rig.phone()
    const account = await rig.account()
    const code = await account.code(phone.phoneNumber)
    expect(code).toMatch(/^[1-9A-HJ-NP-TV-Z]{4}-[1-9A-HJ-NP-TV-Z]{4}$/)
    expect(account.of('pairing_code')).toEqual([{ type: 'pairing_code', code, expiresInMs: 177_000 }])
    expect(await phone.codeRequests()).toMatchObject([{ open: true }])

    await phone.enterCode(code)
    const { account: paired } = await account.next('paired')
    expect(paired).toMatchObject({ phoneNumber: phone.phoneNumber, pn: phone.jid })
    expect(account.count('pairing_code_entered')).toBe(1)
    expect((await account.next('closed')).reason).toMatchObject({
      plane: 'stream',
      kind: 'restart_required',
      status: 515,
    })
    await account.open()
    expect(account.of('qr')).toEqual([])
    expect(await phone.devices()).toMatchObject([{ deviceId: 1, online: true, confirmed: true }])
    const { connection } = account
    expect(await connection.send(connection.buildText(phone.jid, 'linked'), 20_000)).toEqual({ outcome: 'sent' })
  })

  test('each try on the phone is told; a wrong one spoils nothing', async () => {
    const phone = await rig.phone()
    const account = await rig.account()
    const code = await account.code(phone.phoneNumber)
    await expect(phone.enterCode(wrongCode)).rejects.toMatchObject({ code: 'code_wrong' })
    await account.next('pairing_code_entered')
    expect(account.of('paired')).toEqual([])
    await phone.enterCode(code)
    await account.next('paired')
    expect(account.count('pairing_code_entered')).toBe(2)
    await account.next('closed')
  })

  test('every attempt has a code of its own', async () => {
    const phone = await rig.phone()
    const accounts = await Promise.all([rig.account(), rig.account(), rig.account()])
    const codes = await Promise.all(accounts.map(account => account.code(phone.phoneNumber)))
    expect(new Set(codes).size).toBe(3)
    for (const account of accounts) await account.close()
  })

  test('an account other than the one asked for is named as what it is', async () => {
    const [asked, other] = [await rig.phone(), await rig.phone()]
    const account = await rig.account()
    const code = await account.code(asked.phoneNumber)
    await other.enterCode(code, { of: asked.phoneNumber })
    expect((await account.next('paired')).account).toMatchObject({ phoneNumber: other.phoneNumber, pn: other.jid })
    await account.next('closed')
    await account.open()
    expect(account.of('open').map(({ account: { phoneNumber } }) => phoneNumber)).toEqual([other.phoneNumber])
    await account.connection.logout()
    expect(await other.devices()).toEqual([])
  })
})

describe('half-paired credentials', () => {
  test('are never stored as linked, and register again when they are used again', async () => {
    await using line = await TcpProxy.open(rig.simulator.url)
    const phone = await rig.phone()
    const account = await rig.account()
    const code = await account.code(phone.phoneNumber, rig.engineAt(line.through(rig.simulator.url)))
    await account.keys.settled()
    line.cut()
    expect((await account.next('closed')).reason).toMatchObject({ plane: 'local', kind: 'connection_lost' })
    await expect(phone.enterCode(code)).rejects.toMatchObject({ code: 'code_expired' })

    await account.reload()
    const { creds } = decodeCredentials(account.keys.credentials)
    expect(creds).not.toHaveProperty('me')
    expect(creds).toMatchObject({ registered: false })
    expect(creds.pairingCode).toBeUndefined()

    account.connect()
    const { qr } = await account.next('qr')
    await phone.scan(qr)
    await account.next('paired')
    await account.next('closed', 1)
  })

  test('with a number in them, as others may have stored them, they register too', async () => {
    const account = await rig.account()
    const record = decodeCredentials(account.keys.credentials)
    const me = { id: '254711999999@s.whatsapp.net', name: '~' }
    const bytes = JSON.parse(Buffer.from(account.keys.credentials.bytes).toString()) as { creds: object }
    Object.assign(bytes.creds, { me, pairingCode: 'ABCDEFGH' })
    await account.keys.commit({ credentials: { engine: 'baileys', bytes: Buffer.from(JSON.stringify(bytes)) } })
    account.connect()
    await account.next('qr')
    expect(account.of('closed')).toEqual([])
    expect(record.creds.me).toBeUndefined()
    await account.close()
  })

  test('a line lost between the typed code and pair-success ends the connection without a link', async () => {
    await using line = await TcpProxy.open(rig.simulator.url)
    const phone = await rig.phone()
    const account = await rig.account()
    const hold = await rig.simulator.hold({ direction: 'out', child: 'pair-success' })
    const code = await account.code(phone.phoneNumber, rig.engineAt(line.through(rig.simulator.url)))
    await phone.enterCode(code)
    await hold.reached
    await account.next('pairing_code_entered')
    line.cut()
    expect((await account.next('closed')).reason).toMatchObject({ plane: 'local', kind: 'connection_lost' })
    await hold.drop()
    await account.reload()
    expect(decodeCredentials(account.keys.credentials).creds).not.toHaveProperty('me')
    expect(account.of('paired')).toEqual([])
  })
})

describe('codes that are not taken, not answered or not typed', () => {
  test('no reply from the server: nothing is shown', async () => {
    waits = shortWaits(new Map([[codeReplyLimitMs, 100]]))
    const hold = await rig.simulator.hold({ direction: 'out', tag: 'iq', child: 'link_code_companion_reg' })
    const account = await rig.account()
    account.connect(undefined, undefined, { phoneNumber: (await rig.phone()).phoneNumber })
    expect((await account.next('closed')).reason).toMatchObject({
      plane: 'stream',
      kind: 'code_unanswered',
      status: null,
    })
    expect(account.of('pairing_code')).toEqual([])
    await hold.drop()
  })

  test('a code that nobody types ends at its time', async () => {
    waits = shortWaits(new Map([[codeLifetimeMs, 100]]))
    const account = await rig.account()
    await account.code((await rig.phone()).phoneNumber)
    expect((await account.next('closed')).reason).toMatchObject({ plane: 'stream', kind: 'code_expired', status: null })
  })

  test('a typed code whose answer WhatsApp never confirms is not told as typed', async () => {
    const phone = await rig.phone()
    const account = await rig.account()
    const code = await account.code(phone.phoneNumber)
    await rig.simulator.fault('withhold-pair-success', { phone: phone.phoneNumber })
    const hold = await rig.simulator.hold({ direction: 'out', tag: 'iq', type: 'result' })
    // Baileys waits for so long, then goes on as if it had been answered
    waits = shortWaits(new Map([[20_000, 100]]))
    const linking = phone.enterCode(code)
    await hold.reached
    const type = 'link_code_companion_reg'
    await rig.simulator.waitForStanza({ direction: 'in', tag: 'ack', where: { class: 'notification', type } })
    expect(account.events.all().map(event => event.type)).toEqual(['code_asked', 'pairing_code'])
    await hold.drop()
    await linking
    await account.close()
  })

  test('a line that breaks while the code is asked for ends the connection', async () => {
    await rig.simulator.fault('drop', { at: 'code' })
    const account = await rig.account()
    account.connect(undefined, undefined, { phoneNumber: (await rig.phone()).phoneNumber })
    expect((await account.next('closed')).reason).toMatchObject({ plane: 'local', kind: 'connection_lost' })
    expect(account.of('pairing_code')).toEqual([])
  })

  test('a typed code whose phone never finishes ends at its time', async () => {
    const phone = await rig.phone()
    const account = await rig.account()
    const hold = await rig.simulator.hold({ direction: 'out', child: 'pair-success' })
    waits = shortWaits(
      new Map([
        [codeLifetimeMs, 1_500],
        [codeFinishLimitMs, 1_500],
      ]),
    )
    await phone.enterCode(await account.code(phone.phoneNumber))
    await account.next('pairing_code_entered')
    expect((await account.next('closed')).reason).toMatchObject({ plane: 'stream', kind: 'code_expired' })
    await hold.drop()
  })
})
