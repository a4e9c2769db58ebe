import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createBaileysEngine } from '../../src/backend/engine/baileys/baileys-engine.js'
import type { Engine } from '../../src/backend/engine/engine.js'
import { createLog } from '../../src/backend/log.js'
import type { SessionHealth } from '../../src/contract/sessions.js'
import type { Phone } from '../../src/simulator/index.js'
import { EngineRig, type EngineAccount } from '../support/engine-rig.js'
import { Rows } from '../support/rows.js'

let rig: EngineRig
let rows: Rows
let engine: Engine
let friend: Phone
let phone: Phone
let account: EngineAccount
let logLines: string[] = []

beforeAll(async () => {
  rig = await EngineRig.start()
  rows = new Rows(rig.clone.ownerUrl)
  friend = await rig.phone()
})

beforeEach(async () => {
  logLines = []
  engine = createBaileysEngine({
    url: rig.simulator.url,
    preKeys: rig.preKeys,
    log: createLog({ level: 'warn', destination: { write: line => void logLines.push(line) } }),
    watch: { mediaUrl: rig.simulator.mediaUrl, limits: { retryMs: 20, downloadMs: 3_000, appStateMs: 2_000 } },
  })
  phone = await rig.phone()
})

afterEach(async () => {
  await rig.simulator.fault('clear-faults')
  await account.close()
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await rig[Symbol.asyncDispose]()
})

async function link(): Promise<void> {
  account = await rig.linked(phone)
  await account.close()
  await account.reload()
  await account.open(undefined, engine)
  await phone.waitForQuiet()
}

const told = (part: keyof SessionHealth) => account.of('health').flatMap(({ health }) => health[part] ?? [])
const becomes = (part: keyof SessionHealth, health: string) =>
  expect.poll(() => told(part).at(-1), { timeout: 25_000 }).toBe(health)
const device = () => ({ phone: phone.phoneNumber, device: 1 })

async function hearsFriend(text: string): Promise<void> {
  await friend.send(phone, text)
  await account.hears(text)
}

describe('a history', () => {
  test('that lies on the media server is read, and tells who has which LID', async () => {
    await link()
    await rig.simulator.fault('history', { ...device(), chats: 3, messages: 5 })
    await becomes('history', 'ok')
    await phone.waitForQuiet()
    expect(account.texts()).toEqual([])
  })

  test.each([
    ['comes a byte a second', { bytesPerSecond: 1 }],
    ['breaks off half way', { cutAfter: 100 }],
    ['is not the one announced', { wrongHash: true }],
    ['is refused', { status: 410 }],
    ['never ends', { hugeBytes: 2_000_000_000 }],
  ])('that %s is given up, and messages are heard meanwhile', async (_, trouble) => {
    await link()
    await rig.simulator.fault('history', { ...device(), chats: 2, messages: 20, ...trouble })
    await expect.poll(() => told('history').includes('running')).toBe(true)
    await hearsFriend('beside the history')
    await becomes('history', 'failed')
    await hearsFriend('after the history')
    expect(account.count('closed')).toBe(2)
  })
})

describe('app state', () => {
  test('under a key that nobody has is shown as ill, and messages are heard', async () => {
    await link()
    await rig.simulator.fault('app-state', { phone: phone.phoneNumber, count: 3, flaw: 'missing-key' })
    await hearsFriend('beside the app state')
    await becomes('appState', 'failing')
  })

  test.each([
    ['comes a byte a second', 'patch', { bytesPerSecond: 1 }],
    ['breaks off half way', 'patch', { cutAfter: 100 }],
    ['is refused', 'patch', { status: 410 }],
    ['never ends', 'patch', { hugeBytes: 2_000_000_000 }],
    ['comes a byte a second', 'snapshot', { bytesPerSecond: 1 }],
    ['breaks off half way', 'snapshot', { cutAfter: 100 }],
  ])('of which a file %s (%s) is shown as ill, and messages are heard', async (_, file, trouble) => {
    await link()
    await rig.simulator.fault('app-state', { phone: phone.phoneNumber, count: 20, file, ...trouble })
    await hearsFriend('beside the app state')
    await becomes('appState', 'failing')
    await hearsFriend('after the app state')
    await phone.waitForQuiet()
    expect(account.count('closed')).toBe(2)
  })

  test('of which a file lies on the media server is read', async () => {
    await link()
    await rig.simulator.fault('app-state', { phone: phone.phoneNumber, count: 20, file: 'patch' })
    await becomes('appState', 'ok')
    await hearsFriend('after the app state')
    const version = async () => (await account.keys.read('app-state-sync-version', ['regular'])).get('regular')
    await expect.poll(async () => Buffer.from((await version()) ?? []).toString()).toContain('"version":1')
  })

  test('of which many sessions lack a file at once is read by a few of them at a time', async () => {
    const patient = rig.engineAt(rig.simulator.url, undefined, { mediaUrl: rig.simulator.mediaUrl })
    const phones: Phone[] = []
    const accounts: EngineAccount[] = []
    const read = async ({ keys }: EngineAccount) => (await keys.read('app-state-sync-version', ['regular'])).size
    try {
      for (let nth = 1; nth <= 12; nth++) {
        await link()
        phones.push(phone)
        accounts.push(account)
        await account.close()
        await account.reload()
        await account.open(undefined, patient)
        phone = await rig.phone()
      }
      for (const { phoneNumber } of phones)
        await rig.simulator.fault('app-state', { phone: phoneNumber, count: 20, file: 'patch', bytesPerSecond: 500 })
      for (const one of accounts) await expect.poll(() => read(one), { timeout: 40_000 }).toBe(1)
      expect(rig.simulator.mostDownloadsAtOnce).toBe(8)
    } finally {
      for (const one of accounts) await one.close()
    }
  }, 120_000)

  test('without end is ended', async () => {
    await link()
    await rig.simulator.fault('endless-app-state', { phone: phone.phoneNumber })
    await rig.simulator.fault('app-state', { phone: phone.phoneNumber, count: 1 })
    await becomes('appState', 'failing')
    await hearsFriend('after the app state')
    const asked = async () =>
      (await rig.simulator.ledger({ account: phone.phoneNumber, direction: 'in', xmlns: 'w:sync:app:state' })).length
    await phone.waitForQuiet()
    expect(await asked()).toBeLessThan(120)
  })
})

describe('one-time keys', () => {
  test('that have run out are uploaded although uploads fail, none under an id that was used before', async () => {
    await link()
    await rig.simulator.fault('fail-pre-key-upload', { ...device(), times: 6 })
    rig.simulator.device(phone.phoneNumber, 1).drainPreKeys(0)
    await expect.poll(() => told('preKeys').includes('upload_failing'), { timeout: 60_000 }).toBe(true)
    await becomes('preKeys', 'ok')
    expect((await phone.devices())[0]?.preKeysOnServer).toBeGreaterThanOrEqual(10)
    expect((await rig.simulator.problems()).filter(({ kind }) => kind === 'violation')).toEqual([])
    const stranger = await rig.phone()
    await stranger.send(phone, 'first words')
    await account.hears('first words')
  }, 120_000)

  test('of which few are left at the login are topped up', async () => {
    await link()
    await account.close()
    rig.simulator.device(phone.phoneNumber, 1).drainPreKeys(7)
    await account.reload()
    await account.open(undefined, engine)
    await expect.poll(() => told('preKeys')).toContain('low')
    await becomes('preKeys', 'ok')
    expect((await phone.devices())[0]?.preKeysOnServer).toBeGreaterThanOrEqual(10)
  })
})

test('what only an own device may say is dropped when a contact says it, with one line in the log', async () => {
  await link()
  const kept = async () =>
    rows.query(
      `select type, id from signal_keys where session_id = $1 and type in ('app-state-sync-key', 'lid-mapping')`,
      [account.identity.sessionId],
    )
  await hearsFriend('hello')
  await phone.waitForQuiet()
  const before = await kept()
  const healthBefore = account.count('health')
  for (const kind of ['history', 'data-response', 'key-share', 'lid-mapping'])
    await rig.simulator.fault('forge', { phone: friend.phoneNumber, to: phone.phoneNumber, kind })
  await hearsFriend('goodbye')
  await phone.waitForQuiet()
  expect(await kept()).toEqual(before)
  expect(account.count('health')).toBe(healthBefore)
  expect(account.texts()).toEqual(['hello', 'goodbye'])
  const lines = logLines.filter(line => line.includes('forged_message_dropped'))
  expect(lines).toHaveLength(1)
  expect(lines[0]).not.toContain(friend.phoneNumber)
  expect(account.count('forged_message')).toBe(4)
  expect((await phone.devices())[0]?.waitingMessages).toEqual([])
})
