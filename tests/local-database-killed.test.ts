import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startSimulator, type Phone, type Simulator } from '../src/simulator/index.js'
import { GatewayProcess } from './support/gateway-process.js'
import { killServer, localServer, occupy } from './support/local-server.js'
import { Operator } from './support/operator.js'
import { pictureOf } from './support/picture-of.js'

const token = randomBytes(32).toString('hex')

let simulator: Simulator
let dataDir: string
let gateways: GatewayProcess[]
let phone: Phone
let sessionId: string

beforeEach(async () => {
  simulator = await startSimulator()
  dataDir = mkdtempSync(join(tmpdir(), 'whizlite-killed-'))
  gateways = []
  const { url } = await start()
  phone = await simulator.phone('254700001700')
  const { body } = await new Operator(url, token).ask('POST', '/connect', {})
  sessionId = String(body['sessionId'])
  await phone.scanPicture(pictureOf(String(body['qrCode'])))
  await expect.poll(() => stateAt(url), { timeout: 30_000 }).toBe('connected')
}, 120_000)

afterEach(async () => {
  await Promise.all(gateways.filter(({ isRunning }) => isRunning).map(gateway => gateway.stop()))
  await simulator.assertClean()
  await simulator.stop()
  rmSync(dataDir, { recursive: true, force: true })
}, 60_000)

/** A gateway on the database of its data folder; all of a test share one. */
async function start(): Promise<GatewayProcess> {
  const gateway = new GatewayProcess({
    NODE_ENV: 'test',
    PORT: '0',
    DATA_DIR: dataDir,
    LINK_DEFAULT: 'managed',
    WHATSAPP_SERVICE_TOKEN: token,
    WHATSAPP_URL: simulator.url,
    WHATSAPP_ROOT_KEY: simulator.rootKey,
  })
  gateways.push(gateway)
  await gateway.ready()
  return gateway
}

const stateAt = async (url: string) => (await new Operator(url, token).view(sessionId)).body['state']

const health = async (gateway: GatewayProcess) => (await gateway.visitor().request('GET', '/health')).body['status']

const count = (gateway: GatewayProcess, event: string): number =>
  gateway.log.all().filter(line => line.event === event).length

const told = (gateway: GatewayProcess, event: string) =>
  gateway.log.waitFor(line => line.event === event, 30_000, event)

/** It works as before: the API answers, the session is connected, obeys its owner's chat, and another account can be linked. */
async function expectAtWork(gateway: GatewayProcess): Promise<void> {
  await expect.poll(() => health(gateway), { timeout: 30_000 }).toBe('healthy')
  await expect.poll(() => stateAt(gateway.url), { timeout: 30_000 }).toBe('connected')
  await phone.waitForDevice('online')
  await phone.waitForQuiet()
  const before = (await phone.messages(phone.jid)).length
  await phone.send(phone, '.menu')
  await expect.poll(async () => (await phone.messages(phone.jid)).length, { timeout: 20_000 }).toBe(before + 2)
  const visitor = gateway.visitor()
  const started = await visitor.start()
  await visitor.request('DELETE', `/api/sessions/${started.sessionId}`)
}

describe('when the server of the data folder is killed', () => {
  test('the gateway starts it again by itself, at the same address', async () => {
    const [gateway] = gateways as [GatewayProcess]
    const before = localServer(dataDir)
    await killServer(before)
    await told(gateway, 'local_database_gone')
    const { pid } = await told(gateway, 'local_database_started')
    expect(localServer(dataDir)).toMatchObject({ pid, port: before.port })
    await expectAtWork(gateway)
    expect(gateway.isRunning).toBe(true)
    await gateway.stop()
    expect(count(gateway, 'local_database_gone')).toBe(1)
    expect(() => localServer(dataDir)).toThrow()
  })

  test('of two gateways one starts it, and both go on', async () => {
    const [one, other] = [...gateways, await start()] as [GatewayProcess, GatewayProcess]
    const both = [one, other]
    await killServer(localServer(dataDir))
    const [first, second] = await Promise.all(both.map(gateway => told(gateway, 'local_database_started')))
    expect(second?.['pid']).toBe(first?.['pid'])
    for (const gateway of both) await expectAtWork(gateway)
    // the one that is left has lost nothing
    await one.stop()
    await expectAtWork(other)
    await other.stop()
    expect(both.map(gateway => count(gateway, 'local_database_gone'))).toEqual([1, 1])
    expect(() => localServer(dataDir)).toThrow()
  })

  test('and another program takes its port, whoever runs is told to restart the gateways, and that helps', async () => {
    const [gateway] = gateways as [GatewayProcess]
    const { pid, port } = localServer(dataDir)
    // it must not be quicker than the other program
    gateway.signal('SIGSTOP')
    process.kill(pid, 'SIGKILL')
    await using _ = await occupied(port)
    gateway.signal('SIGCONT')
    const { hint } = await told(gateway, 'local_database_port_taken')
    expect(hint).toMatch(/is taken by another program\. Restart every gateway of this data folder/)
    const next = await start()
    expect(localServer(dataDir).port).not.toBe(port)
    expect((await told(gateway, 'local_database_port_changed'))['hint']).toMatch(/Restart this gateway\.$/)
    await gateway.stop()
    await expectAtWork(next)
  })
})

/** As soon as its server is gone. */
async function occupied(port: number): Promise<AsyncDisposable> {
  const deadline = Date.now() + 20_000
  for (;;) {
    try {
      return await occupy(port)
    } catch (error) {
      if (Date.now() > deadline) throw error
    }
  }
}

test('gateways that stop one after the other take nothing for a death', async () => {
  const both = [...gateways, await start()]
  for (const gateway of both) expect(await gateway.stop()).toBe(0)
  for (const gateway of both) expect(gateway.output).not.toContain('local_database')
  expect(() => localServer(dataDir)).toThrow()
})
