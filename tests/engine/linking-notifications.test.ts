import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { decodeCredentials } from '../../src/backend/engine/baileys/credentials.js'
import { EngineRig } from '../support/engine-rig.js'
import { shortWaits } from '../support/short-waits.js'

let rig: EngineRig

beforeAll(async () => {
  rig = await EngineRig.start()
})

let waits: Disposable | null = null

afterEach(async () => {
  waits?.[Symbol.dispose]()
  waits = null
  await rig.simulator.fault('clear-faults')
  await rig.simulator.assertClean()
})

afterAll(() => rig[Symbol.asyncDispose]())

const partsOf = (qr: string) => qr.split(',')
const secretOf = (qr: string) => partsOf(qr)[3] ?? ''

const acknowledged = (since: number) =>
  rig.simulator.waitForStanza({
    direction: 'in',
    tag: 'ack',
    where: { class: 'notification', type: 'companion_reg_refresh' },
    since,
  })

const now = async () => (await rig.simulator.ledger()).at(-1)?.seq ?? 0

describe('a secret that WhatsApp retires', () => {
  test.each(['companion_reg_refresh', 'pair-device-rotate-qr'])(
    'as %s: the QR comes again with a fresh one, and links',
    async spelling => {
      const since = await now()
      const phone = await rig.phone()
      const account = await rig.account()
      await rig.simulator.fault('rotate-registration', { spelling, phone: phone.phoneNumber })
      account.connect()
      const first = await account.next('qr')
      await expect(phone.scan(first.qr)).rejects.toMatchObject({ code: 'qr_rotated' })
      const second = await account.next('qr', 1)
      await acknowledged(since)

      expect(secretOf(second.qr)).not.toBe(secretOf(first.qr))
      expect(Buffer.from(secretOf(second.qr), 'base64')).toHaveLength(32)
      expect(partsOf(second.qr).with(3, '')).toEqual(partsOf(first.qr).with(3, ''))
      expect(second.expiresInMs).toBeGreaterThan(0)
      expect(second.expiresInMs).toBeLessThanOrEqual(first.expiresInMs)
      await account.keys.settled()
      expect(decodeCredentials(account.keys.credentials).creds.advSecretKey).toBe(secretOf(second.qr))

      await phone.scan(second.qr)
      expect((await account.next('paired')).account.phoneNumber).toBe(phone.phoneNumber)
      await account.next('closed')
      await account.open()
    },
  )

  test('QRs that follow carry the newest', async () => {
    const phone = await rig.phone()
    const account = await rig.account()
    waits = shortWaits(new Map([[60_000, 1_000]]))
    account.connect()
    const first = await account.next('qr')
    await rig.simulator.fault('rotate-registration', { at: 'registering' })
    const second = await account.next('qr', 1)
    const third = await account.next('qr', 2)
    expect(partsOf(third.qr)[0]).not.toBe(partsOf(first.qr)[0])
    expect(secretOf(third.qr)).toBe(secretOf(second.qr))
    await phone.scan(third.qr)
    await account.next('paired')
    await account.next('closed')
  })

  test('a code is neither shown again nor spoilt', async () => {
    const since = await now()
    const phone = await rig.phone()
    const account = await rig.account()
    const code = await account.code(phone.phoneNumber)
    await rig.simulator.fault('rotate-registration', { at: 'registering' })
    await acknowledged(since)
    await phone.enterCode(code)
    await account.next('closed')
    const types = account.events.all().map(({ type }) => type)
    expect(types).toEqual(['code_asked', 'pairing_code', 'pairing_code_entered', 'paired', 'closed'])
  })
})

describe('a passkey that WhatsApp wants', () => {
  test.each([true, false])('after a scan, with options: %s', async options => {
    const phone = await rig.phone()
    await rig.simulator.fault('passkey-request', { phone: phone.phoneNumber, options })
    const account = await rig.account()
    account.connect()
    await phone.scan((await account.next('qr')).qr)
    expect((await account.next('closed')).reason).toMatchObject({
      plane: 'stream',
      kind: 'passkey_required',
      status: null,
    })
  })

  test('after a code', async () => {
    const phone = await rig.phone()
    await rig.simulator.fault('passkey-request', { phone: phone.phoneNumber })
    const account = await rig.account()
    await phone.enterCode(await account.code(phone.phoneNumber))
    expect((await account.next('closed')).reason).toMatchObject({
      plane: 'stream',
      kind: 'passkey_required',
      status: null,
    })
    expect(account.of('paired')).toEqual([])
  })
})

test.each([
  [400, 'code_refused'],
  [429, 'code_rate_limited'],
  [500, 'code_refused'],
])('a request for a code that is answered with %i', async (code, kind) => {
  const phone = await rig.phone()
  await rig.simulator.fault('code-answer', { code, phone: phone.phoneNumber })
  const account = await rig.account()
  account.connect(undefined, undefined, { phoneNumber: phone.phoneNumber })
  expect((await account.next('closed')).reason).toMatchObject({ plane: 'stream', kind, status: code })
  expect(account.of('pairing_code')).toEqual([])
})
