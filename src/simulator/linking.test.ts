import { toBuffer } from 'qrcode'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Phone } from './control-surface.js'
import { linkClient, RawAccount, RawClient } from './raw-client.fixture.js'
import { startSimulator, type Simulator } from './simulator.js'

let simulator: Simulator
let ada: Phone

beforeAll(async () => {
  simulator = await startSimulator()
  ada = await simulator.phone('49151000010', { name: 'Ada' })
})

afterAll(async () => {
  await simulator.stop()
})

/** One field of a QR's last part replaced. */
function altered(qr: string, field: number, value: string): string {
  const [address = '', code = ''] = qr.split('#')
  const fields = code.split(',')
  fields[field] = value
  return `${address}#${fields.join(',')}`
}

describe('a QR code', () => {
  test('can be read from its picture, and links after a restart', async () => {
    const linking = new RawClient(simulator, new RawAccount())
    const device = await ada.scanPicture(await toBuffer(await linking.qr()))
    expect(await linking.closed()).toBe(515)
    const client = await new RawClient(simulator, linking.account).open()
    expect(await ada.waitForDevice('online')).toMatchObject({ deviceId: device.deviceId, confirmed: true })
    await client.close()
    await ada.waitForDevice('offline')
  })

  test('is refused with the reason when it is not what it claims', async () => {
    const linking = new RawClient(simulator, new RawAccount())
    const qr = await linking.qr()
    const other = Buffer.alloc(32, 7).toString('base64')
    await expect(ada.scan('https://example.org/#nothing')).rejects.toMatchObject({ code: 'qr_malformed' })
    await expect(ada.scan(altered(qr, 0, '2@unknown'))).rejects.toMatchObject({ code: 'qr_expired' })
    await expect(ada.scan(altered(qr, 1, other))).rejects.toMatchObject({ code: 'qr_mismatch' })
    await expect(ada.scan(altered(qr, 2, other))).rejects.toMatchObject({ code: 'qr_mismatch' })
    await expect(ada.scanPicture(Buffer.from('no picture'))).rejects.toMatchObject({ code: 'qr_unreadable' })
    await ada.goOffline()
    await expect(ada.scan(qr)).rejects.toMatchObject({ code: 'phone_offline' })
    await ada.goOnline()
    await linking.close()
    await simulator.waitForStanza({ tag: 'iq', child: 'pair-device' })
    await expect.poll(() => ada.scan(qr).catch((error: unknown) => error)).toMatchObject({ code: 'qr_expired' })
  })

  test('with another secret makes the client refuse the phone', async () => {
    const linking = new RawClient(simulator, new RawAccount())
    await ada.scan(altered(await linking.qr(), 3, Buffer.alloc(32, 9).toString('base64')))
    await linking.closed()
    expect(linking.account.creds.me).toBeUndefined()
    const [ghost] = (await ada.devices()).filter(device => !device.confirmed)
    await ada.unlink(ghost?.deviceId ?? 0)
  })

  test('of a device that signed its keys wrongly is refused', async () => {
    const account = new RawAccount()
    account.creds.signedPreKey.signature = Buffer.alloc(64, 1)
    const linking = new RawClient(simulator, account)
    await expect(ada.scan(await linking.qr())).rejects.toMatchObject({ code: 'qr_bad_signature' })
    await linking.close()
    const problems = await simulator.problems()
    expect(problems).toHaveLength(1)
    await expect(simulator.assertClean()).rejects.toThrow(/signed pre-key/)
  })
})

describe('a linked device', () => {
  test('comes back with its credentials, is put out by its double, and is refused once it is unlinked', async () => {
    const first = await linkClient(simulator, ada)
    const second = await new RawClient(simulator, first.account).open()
    expect(await first.closed()).toBe(440)
    const device = await ada.waitForDevice('online')
    await ada.unlink(device.deviceId)
    expect(await second.closed()).toBe(401)
    expect(await new RawClient(simulator, first.account).closed()).toBe(401)
  })

  test('may come in through a routed intro', async () => {
    const client = await linkClient(simulator, ada)
    await client.close()
    client.account.creds.routingInfo = Buffer.from('routing bytes')
    await (await new RawClient(simulator, client.account).open()).close()
  })

  test('is not let in under another Noise key', async () => {
    const client = await linkClient(simulator, ada)
    await client.close()
    const thief = new RawAccount()
    Object.assign(thief.creds, { me: client.account.creds.me, account: client.account.creds.account })
    expect(await new RawClient(simulator, thief).closed()).toBe(401)
  })

  test('is gone after it logs out', async () => {
    const client = await linkClient(simulator, ada)
    const { deviceId } = await ada.waitForDevice('online')
    await client.sock.logout()
    await expect.poll(async () => (await ada.devices()).some(device => device.deviceId === deviceId)).toBe(false)
  })
})

test('a client that trusts another root does not come in', async () => {
  const stranger = new RawClient({ url: simulator.url, rootKey: '11'.repeat(32) }, new RawAccount())
  await stranger.closed()
  expect(stranger.seen('connection.update').some(update => update.qr)).toBe(false)
})
