import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Phone } from './control-surface.js'
import { RawAccount, RawClient } from './raw-client.fixture.js'
import { startSimulator, type Simulator } from './simulator.js'

let simulator: Simulator
let ada: Phone
let numbers = 0

beforeAll(async () => {
  simulator = await startSimulator()
})

afterAll(async () => {
  await simulator.stop()
})

async function newPhone(): Promise<Phone> {
  return simulator.phone(`4915100005${String(++numbers).padStart(2, '0')}`)
}

/** A registration connection that asked for a code, and the code it shows. */
async function asking(phoneNumber: string): Promise<{ client: RawClient; code: string }> {
  const client = new RawClient(simulator, new RawAccount())
  await client.qr()
  const { seq } = (await simulator.ledger()).at(-1) ?? { seq: 0 }
  const code = await client.sock.requestPairingCode(phoneNumber)
  await simulator.waitForStanza({
    direction: 'out',
    tag: 'iq',
    type: 'result',
    child: 'link_code_pairing_ref',
    since: seq,
  })
  return { client, code }
}

function otherThan(code: string): string {
  return `${code.startsWith('A') ? 'B' : 'A'}${code.slice(1)}`
}

describe('a pairing code', () => {
  test('links the device after a restart, typed with a dash and in small letters', async () => {
    ada = await newPhone()
    const { client, code } = await asking(ada.phoneNumber)
    expect(await ada.waitForCodeRequest()).toMatchObject({ open: true, platform: expect.any(String) })
    const device = await ada.enterCode(`${code.slice(0, 4)}-${code.slice(4)}`.toLowerCase())
    expect(await client.closed()).toBe(515)
    const linked = await new RawClient(simulator, client.account).open()
    expect(await ada.waitForDevice('online')).toMatchObject({ deviceId: device.deviceId, confirmed: true })
    expect(linked.account.creds.me?.id).toBe(`${ada.phoneNumber}:${device.deviceId}@s.whatsapp.net`)
    await ada.send(ada, 'to myself')
    await linked.text('to myself')
    await linked.close()
    await expect(ada.enterCode(code)).rejects.toMatchObject({ name: 'PairingCodeError', code: 'code_expired' })
  })

  test('typed wrongly is refused, and the right one still works afterwards', async () => {
    ada = await newPhone()
    await expect(ada.enterCode('ABCD-1234')).rejects.toMatchObject({ code: 'no_code_pending' })
    const { client, code } = await asking(ada.phoneNumber)
    await expect(ada.enterCode('ABC')).rejects.toMatchObject({ code: 'code_malformed' })
    await expect(ada.enterCode(otherThan(code))).rejects.toMatchObject({ code: 'code_wrong' })
    await ada.goOffline()
    await expect(ada.enterCode(code)).rejects.toMatchObject({ code: 'phone_offline' })
    await ada.goOnline()
    await ada.enterCode(code)
    expect(await client.closed()).toBe(515)
  })

  test('ends with its time, and with the connection that asked', async () => {
    ada = await newPhone()
    const first = await asking(ada.phoneNumber)
    await first.client.close()
    await expect.poll(async () => (await ada.codeRequests()).at(-1)?.open).toBe(false)
    await expect(ada.enterCode(first.code)).rejects.toMatchObject({ code: 'code_expired' })
    await using hasty = await startSimulator({ codeLifetimeMs: 0 })
    const ben = await hasty.phone('49151000060')
    const client = new RawClient(hasty, new RawAccount())
    await client.qr()
    const code = await client.sock.requestPairingCode(ben.phoneNumber)
    await ben.waitForCodeRequest()
    await expect(ben.enterCode(code)).rejects.toMatchObject({ code: 'code_expired' })
    await client.close()
  })

  test('is found among all that were asked for a number, whoever asked first', async () => {
    ada = await newPhone()
    const first = await asking(ada.phoneNumber)
    const second = await asking(ada.phoneNumber)
    expect(await ada.codeRequests()).toHaveLength(2)
    await ada.enterCode(first.code)
    expect(await first.client.closed()).toBe(515)
    await ada.enterCode(second.code)
    expect(await second.client.closed()).toBe(515)
  })

  test('is still found when a device that asked later is gone before it answers, or does not answer', async () => {
    ada = await newPhone()
    const first = await asking(ada.phoneNumber)
    const second = await asking(ada.phoneNumber)
    const hello = { direction: 'out', tag: 'notification', type: 'link_code_companion_reg' } as const
    const hold = await simulator.hold(hello)
    const typed = ada.enterCode(first.code)
    await hold.reached
    await second.client.close()
    await typed
    expect(await first.client.closed()).toBe(515)
    await hold.drop()

    await using hasty = await startSimulator({ requestTimeoutMs: 200 })
    const ben = await hasty.phone('49151000061')
    const client = new RawClient(hasty, new RawAccount())
    await client.qr()
    const code = await client.sock.requestPairingCode(ben.phoneNumber)
    await ben.waitForCodeRequest(15_000)
    const silence = await hasty.hold(hello)
    await expect(ben.enterCode(code)).rejects.toMatchObject({ code: 'code_unanswered' })
    await silence.drop()
    await client.close()
  })

  test('answered after a newer one was asked for comes to nothing', async () => {
    ada = await newPhone()
    const { client, code } = await asking(ada.phoneNumber)
    const since = (await simulator.ledger()).at(-1)?.seq ?? 0
    const late = await simulator.hold({ direction: 'out', tag: 'notification', type: 'link_code_companion_reg' })
    const typed = ada.enterCode(code).catch((error: unknown) => error)
    await late.reached
    const newer = await client.sock.requestPairingCode(ada.phoneNumber)
    await ada.waitForCodeRequest()
    await ada.waitForCodeRequest()
    await late.release()
    await simulator.waitForStanza({ direction: 'out', tag: 'iq', type: 'error', since })
    expect(await typed).toMatchObject({ code: 'code_wrong' })
    await ada.enterCode(newer)
    expect(await client.closed()).toBe(515)
  })

  test('typed twice at once links once', async () => {
    ada = await newPhone()
    const ben = await newPhone()
    const { client, code } = await asking(ada.phoneNumber)
    const answers = await Promise.allSettled([ada.enterCode(code), ben.enterCode(code, { of: ada.phoneNumber })])
    expect(answers.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(answers.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'code_expired' } })
    expect(await client.closed()).toBe(515)
  })

  test('asked for a number nobody has looks the same to who asks', async () => {
    const known = await newPhone()
    const stranger = '49151999999'
    const answers = []
    for (const phoneNumber of [known.phoneNumber, stranger]) {
      const { client } = await asking(phoneNumber)
      const answer = (await simulator.ledger({ direction: 'out', tag: 'iq', child: 'link_code_pairing_ref' })).at(-1)
      answers.push({ path: answer?.path, type: answer?.attrs['type'], names: Object.keys(answer?.attrs ?? {}) })
      await client.close()
    }
    expect(answers[0]).toEqual(answers[1])
  })

  test('can be answered by the phone of another number', async () => {
    ada = await newPhone()
    const ben = await newPhone()
    const { client, code } = await asking(ada.phoneNumber)
    await ben.enterCode(code, { of: ada.phoneNumber })
    expect(await client.closed()).toBe(515)
    expect(client.account.creds.me?.id).toContain(ben.phoneNumber)
    expect(await ada.devices()).toEqual([])
  })

  test('counts for the phone as often as somebody asks', async () => {
    ada = await newPhone()
    const client = new RawClient(simulator, new RawAccount())
    await client.qr()
    for (let round = 0; round < 3; round++) {
      await client.sock.requestPairingCode(ada.phoneNumber)
      await ada.waitForCodeRequest()
    }
    expect((await ada.codeRequests()).map(({ open }) => open)).toEqual([false, false, true])
    await client.close()
  })
})

test('nothing of this was out of order', async () => {
  await simulator.assertClean()
})

test('a malformed request is refused and recorded', async () => {
  const { client } = await asking('49151999998')
  const ask = (stage: string): Promise<unknown> =>
    client.sock.query({
      tag: 'iq',
      attrs: { to: '@s.whatsapp.net', type: 'set', xmlns: 'md' },
      content: [{ tag: 'link_code_companion_reg', attrs: { stage, jid: '49151999998@s.whatsapp.net' }, content: [] }],
    })
  for (const stage of ['companion_hello', 'companion_finish', 'nonsense']) {
    await expect(ask(stage)).rejects.toMatchObject({ data: 400 })
  }
  expect(await simulator.problems()).toHaveLength(3)
  await client.close()
})
