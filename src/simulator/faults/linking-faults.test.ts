import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { LedgerEntry, Phone, StanzaMatch } from '../control-surface.js'
import { linkClient, RawAccount, RawClient } from '../raw-client.fixture.js'
import { startSimulator, type Simulator } from '../simulator.js'

let simulator: Simulator
let ada: Phone
let client: RawClient
let numbers = 0

beforeAll(async () => {
  simulator = await startSimulator()
})

afterAll(async () => {
  await simulator.assertClean()
  await simulator.stop()
})

beforeEach(async () => {
  ada = await simulator.phone(`4915100007${String(++numbers).padStart(2, '0')}`)
  client = new RawClient(simulator, new RawAccount())
})

afterEach(async () => {
  await simulator.fault('clear-faults')
  await client.close()
})

/** The QR a client would show had it made a new secret. */
function withSecret(qr: string, secret: number): string {
  const parts = qr.split(',')
  parts[3] = Buffer.alloc(32, secret).toString('base64')
  return parts.join(',')
}

async function lastSeq(): Promise<number> {
  return (await simulator.ledger()).at(-1)?.seq ?? 0
}

/** What crossed the wire after a point of the ledger. */
async function after(since: number, match: StanzaMatch): Promise<LedgerEntry[]> {
  return (await simulator.ledger(match)).filter(({ seq }) => seq > since)
}

function isLinked(): boolean {
  return client.account.creds.account !== undefined
}

describe('a request for a pairing code', () => {
  test.each([400, 429])('is refused with %i for one number, once', async code => {
    await simulator.fault('code-answer', { code, phone: ada.phoneNumber })
    await client.qr()
    const before = await lastSeq()
    await client.sock.requestPairingCode('4915100007999')
    await simulator.waitForStanza({ direction: 'out', type: 'result', child: 'link_code_pairing_ref', since: before })
    const since = await lastSeq()
    await client.sock.requestPairingCode(ada.phoneNumber)
    const answer = await simulator.waitForStanza({ direction: 'out', tag: 'iq', since })
    expect(answer).toMatchObject({ attrs: { type: 'error' }, path: ['error'] })
    expect(await ada.codeRequests()).toEqual([])
    const good = await client.sock.requestPairingCode(ada.phoneNumber)
    await ada.waitForCodeRequest()
    await ada.enterCode(good)
    expect(await client.closed()).toBe(515)
  })

  test('stays without an answer until that is cleared', async () => {
    await simulator.fault('code-answer', { silent: true, always: true })
    await client.qr()
    const since = await lastSeq()
    for (let round = 0; round < 2; round++) await client.sock.requestPairingCode(ada.phoneNumber)
    const asked = { direction: 'in', tag: 'iq', child: 'link_code_companion_reg' } as const
    await expect.poll(() => after(since, asked)).toHaveLength(2)
    await simulator.fault('clear-faults', { at: 'code' })
    await client.sock.requestPairingCode(ada.phoneNumber)
    await ada.waitForCodeRequest()
    expect(await after(since, { direction: 'out', type: 'result', child: 'link_code_pairing_ref' })).toHaveLength(1)
  })

  test('is good for as long as was set', async () => {
    await client.qr()
    await simulator.fault('code-lifetime', { ms: 0 })
    const code = await client.sock.requestPairingCode(ada.phoneNumber)
    await ada.waitForCodeRequest()
    await simulator.fault('code-lifetime', { ms: 180_000 })
    await expect(ada.enterCode(code)).rejects.toMatchObject({ code: 'code_expired' })
  })
})

describe('after a phone said yes', () => {
  test('the device is left waiting, by QR', async () => {
    await simulator.fault('withhold-pair-success', { phone: ada.phoneNumber })
    expect(await ada.scan(await client.qr())).toMatchObject({ confirmed: false })
    expect(await simulator.ledger({ child: 'pair-success', account: ada.phoneNumber })).toEqual([])
    expect(isLinked()).toBe(false)
    await (await linkClient(simulator, ada)).close()
  })

  test('the device is left waiting, by code', async () => {
    await simulator.fault('withhold-pair-success')
    await client.qr()
    const code = await client.sock.requestPairingCode(ada.phoneNumber)
    await ada.waitForCodeRequest()
    expect(await ada.enterCode(code)).toMatchObject({ confirmed: false })
    await client.until(() => client.account.creds.registered, 'the answer to companion_finish')
    expect(isLinked()).toBe(false)
  })

  test('the line drops before pair-success', async () => {
    await simulator.fault('drop', { at: 'scan' })
    await ada.scan(await client.qr())
    expect(await client.closed()).toBe(428)
    expect(isLinked()).toBe(false)
  })

  test('the line drops before the reply to pair-success is heard', async () => {
    await simulator.fault('drop', { at: 'paired', phone: ada.phoneNumber })
    const { deviceId } = await ada.scan(await client.qr())
    expect(await client.closed()).toBe(428)
    expect(isLinked()).toBe(true)
    expect(await ada.devices()).toMatchObject([{ deviceId, confirmed: false }])
  })

  test('the line drops after the reply, and the device can log in', async () => {
    await simulator.fault('drop', { at: 'confirmed' })
    await ada.scan(await client.qr())
    expect(await client.closed()).toBe(428)
    await (await new RawClient(simulator, client.account).open()).close()
    await ada.waitForDevice('linked')
  })

  test('the restart never comes', async () => {
    await simulator.fault('withhold-restart')
    await ada.scan(await client.qr())
    expect(await ada.waitForDevice('linked')).toMatchObject({ confirmed: true })
    expect(await simulator.ledger({ tag: 'stream:error', account: ada.phoneNumber })).toEqual([])
    expect(client.seen('connection.update').some(({ connection }) => connection === 'close')).toBe(false)
  })

  test.each([true, false])('a passkey is asked for, options: %s', async options => {
    await simulator.fault('passkey-request', { phone: ada.phoneNumber, options })
    const asked = new Promise(resolve => client.sock.ws.once('CB:notification,type:passkey_prologue_request', resolve))
    await ada.scan(await client.qr())
    expect(await asked).toMatchObject(options ? { content: [{ tag: 'passkey_request_options' }] } : { attrs: {} })
    expect(isLinked()).toBe(false)
  })

  test('by code, a passkey is asked for as well', async () => {
    await simulator.fault('passkey-request')
    await client.qr()
    const asked = new Promise(resolve => client.sock.ws.once('CB:notification,type:passkey_prologue_request', resolve))
    const code = await client.sock.requestPairingCode(ada.phoneNumber)
    await ada.waitForCodeRequest()
    await ada.enterCode(code)
    await asked
  })
})

describe('a retired secret', () => {
  test.each(['companion_reg_refresh', 'pair-device-rotate-qr'])(
    'is announced as %s, and refused by the phone',
    async spelling => {
      await simulator.fault('rotate-registration', { spelling })
      const told = new Promise(resolve => client.sock.ws.once('CB:notification,type:companion_reg_refresh', resolve))
      const qr = await client.qr()
      await expect(ada.scan(qr)).rejects.toMatchObject({ name: 'ScanError', code: 'qr_rotated' })
      expect(await told).toMatchObject({ content: [{ tag: spelling }] })
      await expect(ada.scan(qr)).rejects.toMatchObject({ code: 'qr_rotated' })
      client.account.creds.advSecretKey = Buffer.alloc(32, 5).toString('base64')
      await ada.scan(withSecret(qr, 5))
      expect(await client.closed()).toBe(515)
    },
  )

  test('can be announced to everyone who waits', async () => {
    await client.qr()
    const told = new Promise(resolve => client.sock.ws.once('CB:notification,type:companion_reg_refresh', resolve))
    await simulator.fault('rotate-registration', { at: 'registering' })
    await told
  })
})

describe('an account', () => {
  test('takes no more devices than it may have, and nobody hears of the refusal', async () => {
    await simulator.fault('device-limit', { max: 1, phone: ada.phoneNumber })
    const first = await linkClient(simulator, ada)
    const qr = await client.qr()
    const since = await lastSeq()
    await expect(ada.scan(qr)).rejects.toMatchObject({ name: 'ScanError', code: 'too_many_devices' })
    const code = await client.sock.requestPairingCode(ada.phoneNumber)
    await ada.waitForCodeRequest()
    await expect(ada.enterCode(code)).rejects.toMatchObject({ name: 'PairingCodeError', code: 'too_many_devices' })
    expect(await after(since, { child: 'primary_hello' })).toEqual([])
    expect(await after(since, { direction: 'out', tag: 'notification', type: 'link_code_companion_reg' })).toEqual([])
    await ada.unlink(1)
    await first.closed()
    await ada.enterCode(code)
    expect(await client.closed()).toBe(515)
  })

  test('may have four by default, and a link that came to nothing takes no place', async () => {
    await simulator.fault('withhold-pair-success', { phone: ada.phoneNumber })
    await ada.scan(await client.qr())
    await client.close()
    const linked: RawClient[] = []
    for (let device = 0; device < 4; device++) linked.push(await linkClient(simulator, ada))
    const fifth = new RawClient(simulator, new RawAccount())
    await expect(ada.scan(await fifth.qr())).rejects.toMatchObject({ code: 'too_many_devices' })
    for (const each of [fifth, ...linked]) await each.close()
  })
})

test('of two phones that scan one code the second comes too late, also by code', async () => {
  const ben = await simulator.phone('4915100007990')
  const qr = await client.qr()
  const answers = await Promise.allSettled([ada.scan(qr), ben.scan(qr)])
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  expect(answers[1]).toMatchObject({ reason: { code: 'qr_expired' } })
  expect(await client.closed()).toBe(515)
  expect(client.account.creds.me?.id).toContain(ada.phoneNumber)

  const second = new RawClient(simulator, new RawAccount())
  const shown = await second.qr()
  const code = await second.sock.requestPairingCode(ada.phoneNumber)
  await ada.waitForCodeRequest()
  const [typed] = await Promise.allSettled([ada.enterCode(code), ben.scan(shown)])
  expect(typed).toMatchObject({ status: 'rejected', reason: { code: 'code_expired' } })
  await second.closed()
})
