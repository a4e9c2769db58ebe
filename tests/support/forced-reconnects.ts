import { createHook } from 'node:async_hooks'
import { getEventListeners } from 'node:events'
import { queryObjects } from 'node:v8'
import { expect, vi } from 'vitest'
import { BaileysConnection } from '../../src/backend/engine/baileys/baileys-connection.js'
import { moreThan, openResources, processListeners, type Counts } from './open-resources.js'
import { SessionRig } from './session-rig.js'
import { shortWaits } from './short-waits.js'
import { usedHeap } from './used-heap.js'

type Cut = [fault: string, params: Record<string, string | number>]

const cuts: Cut[] = [
  ['drop', {}],
  ['stream-end', {}],
  ['stream-error', { code: 503 }],
  ['stream-error', { code: 515 }],
  ['garbage-frame', {}],
]

/** Questions that nobody answers and polite goodbyes take a while, the longest of them half a minute. */
const patience = { timeout: 90_000, interval: 2_000 }

/** Of the heap that is in use after everything unreachable is gone. */
export type Growth = { firstHalf: number; secondHalf: number }

/**
 * One session, with somebody who writes to it, whose line is ended in every way there is so many times. Fails unless the process holds as
 * many connections, sockets, timers and listeners afterwards as before.
 * @returns bytes by which the heap grew for each reconnect, the simulator's ledger of them included
 */
export async function reconnectOverAndOver(times: number): Promise<Growth> {
  // those that would not keep the process alive included
  const timers = new Set<number>()
  const watch = createHook({
    init: (id, type) => void (type === 'Timeout' && timers.add(id)),
    destroy: id => void timers.delete(id),
  })
  await using rig = await SessionRig.start()
  const heard = new Set<string>()
  rig.hooks({
    onOpen: async session => void (await session.drainOutbox(session.signal)),
    onMessage: async (_, { content }) => void (content.kind === 'text' && heard.add(content.text)),
  })
  const { identity, phone } = await rig.linked()
  const friend = await rig.rig.phone()
  let round = 0

  const reconnect = async (count: number): Promise<void> => {
    for (const end = round + count; round < end; round++) {
      const [fault, params] = cuts[round % cuts.length] ?? ['drop', {}]
      rig.forget()
      await rig.simulator.fault(fault, { ...params, phone: phone.phoneNumber, device: 1 })
      await expect.poll(() => rig.ends.length, { interval: 5 }).toBe(1)
      await expect.poll(() => rig.sessions.connectedCount(), { interval: 5 }).toBe(1)
      if (round % cuts.length > 0) continue
      await friend.send(phone, `round ${round}`)
      await expect.poll(() => heard.has(`round ${round}`), { interval: 5 }).toBe(true)
      await phone.waitForQuiet()
    }
  }

  const held = async (): Promise<Counts> => ({
    ...(await openResources(rig.rows)),
    ...processListeners(),
    'all timers': timers.size,
    'listeners for the end of the session': rig.stopping ? getEventListeners(rig.stopping, 'abort').length : 0,
    connections: queryObjects(BaileysConnection, { format: 'count' }),
  })

  /** What is held once no connection is let go of any more; the rig keeps those that it has linked with. */
  const steady = async (): Promise<Counts> => {
    let now: Counts = {}
    await vi.waitFor(async () => {
      const earlier = now['connections']
      now = await held()
      expect(now['connections']).toBe(earlier)
    }, patience)
    return now
  }

  // what a lost connection has asked WhatsApp is given up by Baileys after so long, and until then it is held in memory
  using _ = shortWaits(new Map([[20_000, 4_000]]))
  watch.enable()
  try {
    rig.sessions.resume(identity)
    await rig.becomes(identity, ['connected', null])
    // whatever is made once
    await reconnect(2 * cuts.length)
    const before = await steady()
    const sizes = [usedHeap()]
    for (let half = 0; half < 2; half++) {
      await reconnect(times / 2)
      await phone.waitForQuiet()
      sizes.push(usedHeap())
    }
    await vi.waitFor(async () => expect(moreThan(before, await held())).toEqual({}), patience)
    const [first = 0, middle = 0, last = 0] = sizes
    return { firstHalf: (middle - first) / (times / 2), secondHalf: (last - middle) / (times / 2) }
  } finally {
    watch.disable()
  }
}
