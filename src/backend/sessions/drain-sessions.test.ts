import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { SessionId } from '../../contract/ids.js'
import { drainSessions, takenPerSecond } from './drain-sessions.js'

type Stage = {
  order: string[]
  /** In which order sessions were stopped, milliseconds. */
  patience: number[]
  most: number
  running: Map<SessionId, { epoch: bigint; drain(patienceMs: number): Promise<void> }>
}

/** @param holds how many stand before they end; they go on together */
function stage(count: number, holds = 0): Stage & { goOn: () => void } {
  let goOn = () => {}
  const gate = new Promise<void>(resolve => (goOn = resolve))
  const found: Stage = { order: [], patience: [], most: 0, running: new Map() }
  let open = 0
  for (let index = 0; index < count; index++) {
    found.running.set(SessionId.parse(randomUUID()), {
      epoch: BigInt(index),
      async drain(patienceMs) {
        found.patience.push(patienceMs)
        found.most = Math.max(found.most, ++open)
        await (index < holds ? gate : Promise.resolve())
        open--
        found.order.push(`stopped ${index}`)
      },
    })
  }
  return Object.assign(found, { goOn: () => goOn() })
}

const unpaced = { limitMs: 10_000, pacedMs: 10_000, perSecond: null }

const releaseInto = (order: string[]) => async (_: SessionId, held: { epoch: bigint }) =>
  void order.push(`released ${held.epoch}`)

test('each is given up once it has stopped, and none is kept', async () => {
  const { order, running } = stage(3)
  await drainSessions({ ...unpaced, release: releaseInto(order) }, running)
  expect(order.toSorted()).toEqual(['released 0', 'released 1', 'released 2', 'stopped 0', 'stopped 1', 'stopped 2'])
  for (const index of [0, 1, 2])
    expect(order.indexOf(`stopped ${index}`)).toBeLessThan(order.indexOf(`released ${index}`))
  expect(running.size).toBe(0)
})

test('at most fifty at once, and one that takes long keeps no other', async () => {
  const found = stage(120, 49)
  const draining = drainSessions({ ...unpaced, release: releaseInto(found.order) }, found.running)
  await expect.poll(() => found.order.filter(entry => entry.startsWith('released')).length).toBe(71)
  found.goOn()
  await draining
  expect(found.most).toBe(50)
  expect(found.order.filter(entry => entry.startsWith('released'))).toHaveLength(120)
})

test('when the time is over no further one is begun: it stays as it is', async () => {
  const { order, running } = stage(5)
  await drainSessions({ ...unpaced, limitMs: 0, release: releaseInto(order) }, running)
  expect(order).toEqual([])
  expect(running.size).toBe(5)
})

test('they are stopped no faster than others take them', async () => {
  const { order, running } = stage(4)
  await drainSessions({ limitMs: 150, pacedMs: 150, perSecond: 20, release: releaseInto(order) }, running)
  expect(order.length).toBeGreaterThanOrEqual(6)
})

test('when others cannot take all in time, the rest is given up all the same, and waits for fewer verdicts', async () => {
  const { order, patience, running } = stage(300)
  await drainSessions({ limitMs: 60_000, pacedMs: 100, perSecond: 20, release: releaseInto(order) }, running)
  expect(order.filter(entry => entry.startsWith('released'))).toHaveLength(300)
  expect(running.size).toBe(0)
  expect(patience[0]).toBe(3_000)
  expect(patience.at(-1)).toBe(500)
})

test('what waits for its turn can still be reached, and one that has gone meanwhile is left alone', async () => {
  const { order, running } = stage(3)
  const [first, second, third] = [...running.keys()]
  const draining = drainSessions(
    { limitMs: 60_000, pacedMs: 200, perSecond: 0.1, release: releaseInto(order) },
    running,
  )
  await expect.poll(() => order).toContain('released 0')
  expect([...running.keys()]).toEqual([second, third])
  expect(first !== undefined && second !== undefined && running.delete(second)).toBe(true)
  await draining
  expect(order).toEqual(['stopped 0', 'released 0', 'stopped 2', 'released 2'])
})

test('others take as many as their own limits and what all share allow', () => {
  const connects = { perSecond: 8, perSecondTotal: 20 }
  expect([0, 1, 2, 3, 50].map(takers => takenPerSecond(takers, connects))).toEqual([null, 8, 16, 20, 20])
})
