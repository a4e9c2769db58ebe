import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Phone, SimulatorControl } from '../control-surface.js'
import { linkClient, RawAccount, RawClient } from '../raw-client.fixture.js'
import { startSimulator, type Simulator } from '../simulator.js'
import { serveControl, type ControlServer } from './control-server.js'
import { connectSimulator } from './remote-simulator.js'

let local: Simulator
let server: ControlServer
let remote: SimulatorControl
let ada: Phone
let ben: Phone
let client: RawClient

beforeAll(async () => {
  local = await startSimulator()
  server = await serveControl(0, { simulator: local, stop: () => local.stop() })
  remote = await connectSimulator(server.url)
  ada = await remote.phone('49151000051', { name: 'Ada' })
  ben = await remote.phone('49151000052', { name: 'Ben' })
  client = await linkClient(remote, ada)
})

afterAll(async () => {
  await client.close()
  await remote[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
  await local.stop()
})

describe('a remote simulator', () => {
  test('does what the local one does', async () => {
    expect(remote).toMatchObject({ url: local.url, rootKey: local.rootKey })
    expect(ada).toMatchObject({ phoneNumber: '49151000051', name: 'Ada' })
    expect(await ada.waitForDevice('online')).toMatchObject({ deviceId: 1 })
    await ben.send(ada, 'from afar')
    await client.text('from afar')
    await client.sock.sendMessage(ben.jid, { text: 'to afar' })
    expect(await ben.waitForMessage({ text: 'to afar' })).toMatchObject({ from: ada.jid })
    expect(await ben.messages(ada.jid)).toHaveLength(2)
    expect(await remote.phones()).toHaveLength(2)
    expect(await remote.ledger({ tag: 'success' })).toHaveLength(1)
    await ada.waitForQuiet()
    await remote.assertClean()
  })

  test('links by code, and hands on why it cannot', async () => {
    const linking = new RawClient(remote, new RawAccount())
    await linking.qr()
    const notified = ben.waitForCodeRequest()
    const code = await linking.sock.requestPairingCode(ben.phoneNumber)
    expect(await notified).toMatchObject({ open: true, platform: expect.any(String) })
    await expect(ben.enterCode('nonsense!')).rejects.toMatchObject({ name: 'PairingCodeError', code: 'code_malformed' })
    await expect(ada.enterCode(code)).rejects.toMatchObject({ name: 'PairingCodeError', code: 'no_code_pending' })
    await remote.fault('device-limit', { max: 1, phone: ada.phoneNumber })
    const full = { name: 'PairingCodeError', code: 'too_many_devices' }
    await expect(ada.enterCode(code, { of: ben.phoneNumber })).rejects.toMatchObject(full)
    await remote.fault('rotate-registration', { phone: ada.phoneNumber })
    await remote.fault('clear-faults')
    expect(await ben.enterCode(code)).toMatchObject({ deviceId: 1 })
    expect(await linking.closed()).toBe(515)
    expect(await ben.codeRequests()).toMatchObject([{ open: false }])
    await ben.unlink(1)
  })

  test('holds, waits and sets off faults', async () => {
    const hold = await remote.hold({ tag: 'message', direction: 'in', account: ada.phoneNumber })
    await client.sock.sendMessage(ben.jid, { text: 'wait for it' })
    expect(await hold.reached).toMatchObject({ tag: 'message' })
    await hold.release()
    await ben.waitForMessage({ text: 'wait for it' })
    await expect(remote.waitForStanza({ tag: 'no-such' }, 20)).rejects.toMatchObject({ code: 'wait_timeout' })
    await expect(ada.scan('nonsense')).rejects.toMatchObject({ name: 'ScanError', code: 'qr_malformed' })
    await remote.fault('drop', { phone: ada.phoneNumber, device: 1 })
    expect(await client.closed()).toBe(428)
    await ada.unlink(1)
    expect(await ada.devices()).toEqual([])
  })
})

function post(headers: Record<string, string>, body: string): Promise<Response> {
  return fetch(server.url, { method: 'POST', headers, body })
}

describe('the control channel', () => {
  test('refuses web pages, other types and other methods', async () => {
    const json = { 'content-type': 'application/json' }
    expect((await post({ ...json, origin: 'http://127.0.0.1' }, '{}')).status).toBe(403)
    expect((await post({ 'content-type': 'text/plain' }, '{}')).status).toBe(415)
    expect((await fetch(server.url)).status).toBe(405)
  })

  test('answers nonsense with a reason', async () => {
    const json = { 'content-type': 'application/json' }
    for (const body of ['', '[]', 'null', '{"method":"nope"}', '{"method":"phone.scan","params":{"phone":1}}']) {
      const response = await post(json, body)
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ error: { code: 'bad_request' } })
    }
  })
})

test('nothing answers where no simulator is', async () => {
  await expect(connectSimulator('http://127.0.0.1:9')).rejects.toMatchObject({ code: 'stopped' })
})
