import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { usualLimits } from '../../src/backend/engine/baileys/watch-limits.js'
import type { Engine } from '../../src/backend/engine/engine.js'
import type { KeyStore } from '../../src/backend/engine/keystore.js'
import type { Phone } from '../../src/simulator/index.js'
import { EngineRig, type EngineAccount } from '../support/engine-rig.js'
import { Rows } from '../support/rows.js'

const minute = 60_000

let rig: EngineRig
let rows: Rows
let friend: Phone
let phone: Phone
let account: EngineAccount
let engine: Engine
/** Milliseconds by which the watches' clock is ahead. */
let ahead = 0

beforeAll(async () => {
  rig = await EngineRig.start()
  rows = new Rows(rig.clone.ownerUrl)
  friend = await rig.phone()
})

beforeEach(async () => {
  ahead = 0
  engine = rig.engineAt(rig.simulator.url, undefined, {
    limits: { everyMs: 5, retryMs: 50 },
    now: () => performance.now() + ahead,
  })
  phone = await rig.phone()
  account = await rig.linked(phone)
  await account.close()
})

afterEach(async () => {
  await rig.simulator.fault('clear-faults')
  await account.close()
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await rig[Symbol.asyncDispose]()
})

const device = () => ({ account: phone.phoneNumber, device: 1 })
const open = async (wrap?: (keys: KeyStore) => KeyStore) => {
  await account.reload()
  return account.open(wrap, engine)
}

/** A key store whose look for a Signal session is not answered before `end`. */
const stuckUntil =
  (end: AbortSignal) =>
  (keys: KeyStore): KeyStore =>
    new Proxy(keys, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        if (name !== 'read') return value.bind(target)
        return (type: string, ids: string[]) =>
          type !== 'session' || end.aborted
            ? target.read(type, ids)
            : new Promise((_, reject) => end.addEventListener('abort', () => reject(new Error('released'))))
      },
    })

const health = () => account.of('health').flatMap(({ health: { inbound } }) => inbound ?? [])

describe('a message that comes and is never handled', () => {
  test('has the connection made anew, where it is heard; a second time the session is called deaf, until it is not', async () => {
    const released = new AbortController()
    for (let round = 1; round <= 2; round++) {
      const since = await now()
      const closed = account.count('closed')
      await open(stuckUntil(released.signal))
      const arrived = rig.simulator.waitForStanza({ ...device(), direction: 'out', tag: 'message', since })
      if (round === 1) await friend.send(phone, 'stuck')
      await arrived
      expect(account.count('closed')).toBe(closed)
      await until(
        () => (ahead += usualLimits.reachMs),
        () => account.count('closed') > closed,
      )
      expect((await account.next('closed', closed)).reason).toMatchObject({ plane: 'local', kind: 'deaf' })
    }
    expect(health()).toEqual(['deaf'])
    released.abort()
    await open()
    await account.hears('stuck')
    await expect.poll(health).toEqual(['deaf', 'ok'])
    await phone.waitForQuiet()
    expect((await phone.devices())[0]?.waitingMessages).toEqual([])
  })

  test('is no matter while it moves: two hundred that waited are heard though the clock runs fast', async () => {
    const texts = Array.from({ length: 200 }, (_, i) => `queued ${i}`)
    for (const text of texts) await friend.send(phone, text)
    await open()
    const timer = setInterval(() => (ahead += 100), 5)
    try {
      await expect
        .poll(() => account.texts().filter(text => text.startsWith('queued')).length, { timeout: 50_000 })
        .toBe(200)
    } finally {
      clearInterval(timer)
    }
    expect(account.texts().filter(text => text.startsWith('queued'))).toEqual(texts)
    expect(health()).toEqual([])
  }, 60_000)
})

test('messages that are announced and never come have the connection made anew', async () => {
  await friend.send(phone, 'withheld')
  const hold = await rig.simulator.hold({ ...device(), direction: 'in', tag: 'ib', child: 'offline_batch' })
  const closed = account.count('closed')
  const opening = open()
  await hold.reached
  await hold.drop()
  await opening
  ahead += usualLimits.answerMs
  expect((await account.next('closed', closed)).reason).toMatchObject({ kind: 'deaf' })
  await open()
  await account.hears('withheld')
})

test('unusual silence has the connection made anew, and whatever comes then is heard', async () => {
  await open()
  await friend.send(phone, 'before')
  await account.hears('before')
  await phone.waitForQuiet()
  const closed = account.count('closed')
  await until(
    () => (ahead += minute),
    () => account.count('closed') > closed,
  )
  expect(ahead).toBeGreaterThanOrEqual(20 * minute)
  expect((await account.next('closed', closed)).reason).toMatchObject({ kind: 'deaf' })
  await friend.send(phone, 'meanwhile')
  await open()
  await account.hears('meanwhile')
})

test('a message that holds up all others is acknowledged unread after three refusals, and somebody is told', async () => {
  await open()
  await friend.send(phone, 'readable')
  await account.hears('readable')
  await phone.waitForQuiet()
  await account.close()
  await rows.query(`delete from signal_keys where session_id = $1 and type = 'session'`, [account.identity.sessionId])
  const { id } = await friend.send(phone, 'unreadable')
  // it could answer our retry, and be readable then
  await friend.goOffline()
  const refusal = { ...device(), direction: 'in', tag: 'ack', id } as const
  try {
    for (let round = 1; round <= 3; round++) {
      const hold = await rig.simulator.hold({ ...refusal, where: { error: '500' } })
      await open()
      await hold.reached
      await hold.drop()
      expect(account.count('stanza_given_up'), `after ${round}`).toBe(round === 3 ? 1 : 0)
      expect((await phone.devices())[0]?.waitingMessages, `before ${round}`).toEqual(round === 3 ? [] : [id])
      await account.close()
    }
    expect(await rig.simulator.ledger({ ...refusal, where: { class: 'message' } })).not.toEqual([])
  } finally {
    await friend.goOnline()
  }
})

test('without WhatsApp’s word that all waiting messages are told, they are heard all the same', async () => {
  for (let i = 0; i < 3; i++) await friend.send(phone, `kept back ${i}`)
  const hold = await rig.simulator.hold({ ...device(), direction: 'out', tag: 'ib', child: 'offline' })
  const opening = open()
  await hold.reached
  await hold.drop()
  await opening
  await phone.waitForQuiet()
  expect(account.texts()).toEqual([])
  ahead += usualLimits.bufferMs
  await account.hears('kept back 2')
  expect(account.count('open')).toBeGreaterThan(0)
  expect(account.texts()).toEqual(['kept back 0', 'kept back 1', 'kept back 2'])
})

test('a close while five hundred messages wait in the login’s buffer loses none of them', async () => {
  const texts = Array.from({ length: 500 }, (_, i) => `buffered ${i}`)
  for (const text of texts) await friend.send(phone, text)
  const hold = await rig.simulator.hold({ ...device(), direction: 'out', tag: 'ib', child: 'offline' })
  const opening = open()
  await hold.reached
  await hold.drop()
  await opening
  await account.close()
  await open()
  await expect.poll(() => new Set(account.texts()).size, { timeout: 100_000 }).toBe(500)
  expect([...new Set(account.texts())].toSorted()).toEqual(texts.toSorted())
}, 120_000)

describe('the phone', () => {
  test('is seen in what it sends, and told of once an hour on each connection', async () => {
    await open()
    await phone.send(friend, 'from the phone')
    await phone.send(friend, 'once more')
    await phone.waitForQuiet()
    expect(account.count('phone_seen')).toBe(2)
    for (const { at } of account.of('phone_seen')) expect(Math.abs(at.getTime() - Date.now())).toBeLessThan(minute)
  })

  test('is not seen in what others send', async () => {
    await phone.goOffline()
    await open()
    const seen = account.count('phone_seen')
    await friend.send(phone, 'to a phone that is off')
    await account.hears('to a phone that is off')
    expect(account.count('phone_seen')).toBe(seen)
    await phone.goOnline()
  })
})

async function now(): Promise<number> {
  return (await rig.simulator.ledger()).at(-1)?.seq ?? 0
}

/** Moves the clock on, a step at a time, until it has happened. */
async function until(step: () => unknown, happened: () => boolean): Promise<void> {
  await expect
    .poll(
      () => {
        if (!happened()) step()
        return happened()
      },
      { interval: 20 },
    )
    .toBe(true)
}
