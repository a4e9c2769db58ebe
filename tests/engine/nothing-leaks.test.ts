import { createHook } from 'node:async_hooks'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { EngineRig } from '../support/engine-rig.js'

let rig: EngineRig

beforeAll(async () => {
  rig = await EngineRig.start()
})

afterAll(() => rig[Symbol.asyncDispose]())

/** Timers that are neither cleared nor run out, those that would not keep the process alive included. */
const timers = new Set<number>()
const watch = createHook({
  init: (id, type) => void (type === 'Timeout' && timers.add(id)),
  destroy: id => void timers.delete(id),
})

type Counts = Record<string, number>

function held(): Counts {
  const counts: Counts = { timers: timers.size }
  for (const type of process.getActiveResourcesInfo()) counts[type] = (counts[type] ?? 0) + 1
  for (const name of process.eventNames()) counts[`on ${String(name)}`] = process.listenerCount(name)
  return counts
}

/** One way through an attempt each; all of them end without a link. */
const attempts: (() => Promise<void>)[] = [
  async () => {
    const account = await rig.account()
    account.connect()
    await account.next('qr')
    await account.close()
  },
  async () => {
    const account = await rig.account()
    await account.code('254799000000')
    await account.close()
  },
  async () => {
    const account = await rig.account()
    await rig.simulator.fault('code-answer', { code: 429 })
    account.connect(undefined, undefined, { phoneNumber: '254799000000' })
    await account.next('closed')
  },
  async () => {
    const account = await rig.account()
    await account.code('254799000000')
    await rig.simulator.fault('drop', { at: 'registering' })
    await account.next('closed')
  },
  async () => {
    const account = await rig.account()
    await rig.simulator.fault('upgrade-status', { status: 503 })
    account.connect()
    await account.next('closed')
    await rig.simulator.fault('clear-faults')
  },
  async () => {
    const account = await rig.account()
    await rig.simulator.fault('fail-registration', { reason: 405 })
    account.connect()
    await account.next('closed')
  },
]

async function rounds(count: number): Promise<void> {
  for (let round = 0; round < count; round++) for (const attempt of attempts) await attempt()
}

test('thirty attempts by QR and code leave no socket, timer or listener behind', async () => {
  watch.enable()
  try {
    await rounds(1)
    let before: Counts = {}
    // polite goodbyes and pools that fill take a moment
    await vi.waitFor(
      () => {
        const earlier = before
        before = held()
        expect(before).toEqual(earlier)
      },
      { timeout: 15_000, interval: 1_500 },
    )
    const repeats = 5
    await rounds(repeats)
    await vi.waitFor(
      () => {
        // what leaks, leaks in each round; a timer or connection more is the pool's or the test's own
        const grown = Object.entries(held()).filter(([what, count]) => count - (before[what] ?? 0) >= repeats)
        expect(grown).toEqual([])
      },
      { timeout: 15_000, interval: 500 },
    )
  } finally {
    watch.disable()
  }
}, 60_000)
