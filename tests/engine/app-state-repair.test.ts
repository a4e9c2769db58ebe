import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Engine } from '../../src/backend/engine/engine.js'
import type { Phone } from '../../src/simulator/index.js'
import { EngineRig, type EngineAccount } from '../support/engine-rig.js'
import { appStateVersion } from '../support/flooded-account.js'

let rig: EngineRig
let engine: Engine
let friend: Phone
let phone: Phone
let account: EngineAccount
/** Milliseconds by which the watches' clock is ahead. */
let ahead = 0

beforeAll(async () => {
  rig = await EngineRig.start()
  friend = await rig.phone()
})

beforeEach(async () => {
  ahead = 0
  engine = rig.engineAt(rig.simulator.url, undefined, {
    mediaUrl: rig.simulator.mediaUrl,
    limits: { everyMs: 20, resyncEveryMs },
    now: () => performance.now() + ahead,
  })
  phone = await rig.phone()
  account = await rig.linked(phone)
  await account.next('app_state_keys')
  await account.close()
  await open()
  await write({ count: 3 })
  await expect.poll(() => appStateVersion(account)).toBe(1)
  await expect.poll(told).toEqual(['ok'])
})

afterEach(async () => {
  await rig.simulator.fault('clear-faults')
  await account.close()
})

afterAll(() => rig[Symbol.asyncDispose]())

const resyncEveryMs = 3_600_000

async function open(): Promise<void> {
  await account.reload()
  await account.open(undefined, engine)
  await phone.waitForQuiet()
}

const write = (params: Record<string, string | number | boolean>) =>
  rig.simulator.fault('app-state', { phone: phone.phoneNumber, ...params })

const told = () => account.of('health').flatMap(({ health: { appState } }) => appState ?? [])

const wholes = () => rig.simulator.ledger({ account: phone.phoneNumber, direction: 'out', child: 'snapshot' })

const asked = async () =>
  (await rig.simulator.ledger({ account: phone.phoneNumber, direction: 'in', xmlns: 'w:sync:app:state' })).length

/** How many values it holds by now. */
async function values(): Promise<number> {
  const stored = (await account.keys.read('app-state-sync-version', ['regular'])).get('regular')
  const { indexValueMap } = JSON.parse(Buffer.from(stored ?? '{}').toString()) as { indexValueMap?: object }
  return Object.keys(indexValueMap ?? {}).length
}

/** How often the phone was asked for a collection. */
async function questions(): Promise<number> {
  const messages = await rig.simulator.ledger({
    account: phone.phoneNumber,
    device: 1,
    direction: 'in',
    tag: 'message',
  })
  return messages.filter(({ attrs }) => attrs['category'] === 'peer').length
}

/** The account's collection is what the phone has written, and the next patch is as good as any. */
async function expectWell(version: number, count: number): Promise<void> {
  await expect.poll(() => told().at(-1)).toBe('ok')
  expect([await appStateVersion(account), await values()]).toEqual([version, count])
  await write({ count: count + 1 })
  await expect.poll(() => appStateVersion(account)).toBe(version + 1)
  await expect.poll(values).toBe(count + 1)
  await phone.waitForQuiet()
  expect(told().at(-1)).toBe('ok')
}

async function hearsFriend(text: string): Promise<void> {
  await friend.send(phone, text)
  await account.hears(text)
}

test.each([
  ['MACs are wrong', 'wrong-mac'],
  ['values are missing', 'missing-values'],
])('a patch whose %s has its collection read anew from the beginning, once, on the same line', async (_, flaw) => {
  const before = await asked()
  await write({ count: 5, flaw, whole: true })
  await hearsFriend('beside the app state')
  await expect.poll(told).toEqual(['ok', 'failing', 'ok'])
  expect([await appStateVersion(account), await values()]).toEqual([2, 5])
  expect(await wholes()).toHaveLength(1)
  // the collection goes on from there
  await write({ count: 6 })
  await expect.poll(() => appStateVersion(account)).toBe(3)
  await expect.poll(values).toBe(6)
  await phone.waitForQuiet()
  expect(await asked()).toBe(before + 3)
  expect(told()).toEqual(['ok', 'failing', 'ok'])
  expect(account.count('closed')).toBe(2)
  await hearsFriend('after the app state')
})

test.each([
  ['MACs are wrong', 'wrong-mac'],
  ['values are missing', 'missing-values'],
])('a collection whose %s from its beginning is asked for from the phone, once, on the same line', async (_, flaw) => {
  await write({ count: 5, flaw })
  await hearsFriend('beside the app state')
  await expect.poll(told).toEqual(['ok', 'failing', 'ok'])
  await expectWell(2, 5)
  expect(await questions()).toBe(1)
  expect(account.count('closed')).toBe(2)
  await hearsFriend('after the app state')
})

test('a phone that is offline when it is asked answers whichever connection there is when it comes back', async () => {
  await phone.goOffline()
  await write({ count: 5, flaw: 'wrong-mac' })
  await expect.poll(questions).toBe(1)
  await account.close()
  await account.reload()
  await account.open(undefined, engine)
  await write({ count: 1, flaw: 'wrong-mac' })
  await expect.poll(() => appStateVersion(account)).toBe(3)
  await phone.goOnline()
  await expectWell(3, 5)
  expect(await questions()).toBe(1)
})

test.each([
  ['answers with what cannot be read', 'unreadable'],
  ['does not answer', 'none'],
])('where the phone %s, the collection stays ill, and is asked for again later', async (_, recovery) => {
  await write({ count: 5, flaw: 'wrong-mac', recovery })
  await expect.poll(questions).toBe(1)
  await hearsFriend('beside the app state')
  await phone.waitForQuiet()
  expect(told()).toEqual(['ok', 'failing'])
  await write({ count: 1, flaw: 'wrong-mac' })
  await expect.poll(() => appStateVersion(account)).toBe(3)
  await hearsFriend('and on')
  expect([await questions(), told()]).toEqual([1, ['ok', 'failing']])
  ahead += resyncEveryMs
  await expectWell(3, 5)
  expect(await questions()).toBe(2)
})

test('a collection that is damaged from its beginning is shown as ill and left alone for hours, over connections too', async () => {
  const before = await asked()
  await write({ count: 5, flaw: 'wrong-mac', recovery: 'none' })
  await expect.poll(asked).toBe(before + 2)
  await hearsFriend('beside the app state')
  await account.close()
  await open()
  await hearsFriend('on the next line')
  await write({ count: 1, recovery: 'none' })
  await expect.poll(asked).toBe(before + 3)
  await hearsFriend('after the next patch')
  expect(await asked()).toBe(before + 3)
  expect(told().at(-1)).toBe('failing')
  expect(account.of('closed').filter(({ reason }) => reason.kind !== 'closed_by_us')).toHaveLength(1)
  expect(await questions()).toBe(1)
  // later it is tried again, and has been mended
  await write({ count: 2, whole: true })
  await expect.poll(asked).toBe(before + 4)
  ahead += resyncEveryMs
  await expect.poll(() => told().at(-1)).toBe('ok')
  expect(await asked()).toBe(before + 5)
})

test('a repair that begins while a reading is under way ends well, whatever that reading finds', async () => {
  const before = await asked()
  await write({ count: 5, flaw: 'wrong-mac', recovery: 'none' })
  await expect.poll(asked).toBe(before + 2)
  await expect.poll(() => told().at(-1)).toBe('failing')
  await phone.waitForQuiet()
  // takes a second to come, and is damaged too
  const flawed = { flaw: 'wrong-mac', recovery: 'none' }
  await write({ count: 10, ...flawed, whole: true, file: 'patch', bytesPerSecond: 1_500 })
  await expect.poll(asked).toBe(before + 3)
  ahead += resyncEveryMs
  await expect.poll(() => told().at(-1)).toBe('ok')
  expect(await asked()).toBe(before + 4)
  expect(await values()).toBe(10)
})
