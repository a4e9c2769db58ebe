import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { TcpProxy } from '../../../tests/support/tcp-proxy.js'
import type { Place } from './admission.js'
import {
  AdmissionRig,
  byCode,
  byQr,
  byService,
  newAddress,
  refusalOf,
  type TestNode,
} from '../../../tests/support/admission-rig.js'

let rig: AdmissionRig

beforeAll(async () => (rig = await AdmissionRig.open()))
afterEach(() => rig.reset())
afterAll(() => rig[Symbol.asyncDispose]())

/** Starts one after the other, so that their order in the queue is known. */
async function enter({ admission }: TestNode, count: number): Promise<Place[]> {
  const places: Place[] = []
  for (let i = 0; i < count; i++) places.push(await admission.enter(byQr(newAddress())))
  return places
}

const granted = (places: readonly Place[]) => places.map(place => place.granted)

const storedPlaces = (of?: TestNode) =>
  rig.rows.query<{ granted: boolean }>(
    'select granted from link_places where $1::uuid is null or node_id = $1 order by position',
    [of?.nodeId ?? null],
  )

/** The lease as it is when nobody has renewed it for long; the node itself notices nothing. */
const lose = ({ nodeId }: TestNode) =>
  rig.rows.query(`update nodes set lease_until = clock_timestamp() - interval '1 minute' where id = $1`, [nodeId])

describe('fifty starts for one number, from two nodes at once', () => {
  test('one is admitted', async () => {
    const nodes = [await rig.node(), await rig.node()]
    const starts = nodes.flatMap(({ admission }) =>
      Array.from({ length: 25 }, () => admission.enter(byCode('254700000001'))),
    )
    const refusals = await Promise.all(starts.map(refusalOf))
    expect(refusals.filter(refusal => refusal === null)).toHaveLength(1)
    expect(new Set(refusals.flatMap(refusal => refusal?.code ?? []))).toEqual(new Set(['too_many_attempts']))
    expect(await storedPlaces()).toHaveLength(1)
    expect(await rig.rows.query('select from link_cool_downs')).toEqual([])
  })

  test('and many for many numbers and addresses: each once, without a deadlock', async () => {
    const nodes = [await rig.node(), await rig.node()]
    const addresses = Array.from({ length: 20 }, newAddress)
    const starts = nodes.flatMap(({ admission }, which) =>
      addresses.flatMap((address, i) => [
        admission.enter(byCode(`25470000${100 + i}`, address)),
        admission.enter(byCode(`25470000${100 + ((i + which + 1) % 20)}`, address)),
      ]),
    )
    const refusals = await Promise.all(starts.map(refusalOf))
    expect(refusals.filter(refusal => refusal === null)).toHaveLength(20)
    expect(await storedPlaces()).toHaveLength(20)
  })
})

describe('places', () => {
  test('are given up to the limit of the node, then those who wait get them in their order', async () => {
    const node = await rig.node({ perNode: 2 })
    const places = await enter(node, 4)
    expect(granted(places)).toEqual([true, true, false, false])
    await Promise.all(places.slice(0, 2).map(place => place.turn))
    places[0]?.leave()
    places[0]?.leave()
    await places[2]?.turn
    expect(granted(places)).toEqual([true, true, true, false])
    places[1]?.leave()
    await places[3]?.turn
  })

  test('of a node that is full do not keep others waiting, and a late visitor does not pass an earlier one', async () => {
    const full = await rig.node({ perNode: 1 })
    const other = await rig.node({ perNode: 1 })
    const [first, waiting] = await enter(full, 2)
    const [free, second] = await enter(other, 2)
    expect([first, waiting, free, second].map(place => place?.granted)).toEqual([true, false, true, false])
    free?.leave()
    const [late] = await enter(other, 1)
    await second?.turn
    expect(late?.granted).toBe(false)
    expect(waiting?.granted).toBe(false)
  })

  test('are given over all nodes in the order of asking, woken by whoever leaves', async () => {
    const nodes = [await rig.node({ active: 1 }), await rig.node({ active: 1 })] as const
    const starts = [byQr(newAddress()), byQr(newAddress()), byQr(newAddress()), byQr(newAddress())]
    const places: Place[] = []
    for (const [i, start] of starts.entries()) places.push(await (nodes[i % 2] ?? nodes[0]).admission.enter(start))
    const positions = () =>
      Promise.all(starts.map(async ({ sessionId }) => await nodes[0].admission.position(sessionId)))
    expect(await positions()).toEqual([null, 1, 2, 3])
    for (const [i, place] of places.entries()) {
      await place.turn
      expect(granted(places)).toEqual(places.map((_, other) => other <= i))
      place.leave()
    }
    await expect.poll(() => storedPlaces()).toEqual([])
    expect(await positions()).toEqual([null, null, null, null])
  })

  test('are also given when the wake-up is lost', async () => {
    const holder = await rig.node({ active: 1 })
    const waiter = await rig.node({ active: 1 })
    const [place] = await enter(holder, 1)
    const [waiting] = await enter(waiter, 1)
    await waiter.wakeups[Symbol.asyncDispose]()
    place?.leave()
    await waiting?.turn
  })

  test('run out: so many wait, the next hears that everything is full and is not counted', async () => {
    const node = await rig.node({ active: 1, queued: 2 })
    const address = newAddress()
    const [first] = await enter(node, 3)
    expect(await refusalOf(node.admission.enter(byQr(address)))).toEqual({ code: 'node_full', seconds: 60 })
    expect(await rig.rows.query('select from link_starts')).toHaveLength(3)
    expect(await storedPlaces()).toHaveLength(3)
    first?.leave()
    expect(await refusalOf(node.admission.enter(byQr(address)))).toBeNull()
  })

  test('go first to a service that waits, which a full queue does not turn away; services wait in their order', async () => {
    const node = await rig.node({ active: 1, queued: 1 })
    const other = await rig.node({ active: 1, queued: 1 })
    const [first, visitor] = await enter(node, 2)
    const earlier = await other.admission.enter(byService())
    const lastStart = byService()
    const later = await node.admission.enter(lastStart)
    expect(granted([earlier, later])).toEqual([false, false])
    expect(await node.admission.position(lastStart.sessionId)).toBe(2)
    first?.leave()
    await earlier.turn
    expect(later.granted).toBe(false)
    earlier.leave()
    await later.turn
    expect(visitor?.granted).toBe(false)
    later.leave()
    await visitor?.turn
  })

  test('of those who leave the queue are gone, and never granted', async () => {
    const node = await rig.node({ active: 1 })
    const [first, second, third] = await enter(node, 3)
    const secondsTurn = vi.fn()
    void second?.turn.then(secondsTurn)
    second?.leave()
    first?.leave()
    await third?.turn
    expect(secondsTurn).not.toHaveBeenCalled()
    expect(await storedPlaces()).toEqual([{ granted: true }])
  })
})

describe('a node', () => {
  test('that stops gives back its places at once', async () => {
    const stopping = await rig.node({ active: 2 })
    const staying = await rig.node({ active: 2 })
    await enter(stopping, 2)
    const [waiting] = await enter(staying, 1)
    expect(
      await refusalOf(stopping.stop().then(async () => await stopping.admission.enter(byQr(newAddress())))),
    ).toMatchObject({
      code: 'shutting_down',
    })
    await waiting?.turn
    expect(await storedPlaces(stopping)).toEqual([])
  })

  test('that is lost counts no longer: neither its places nor those of its numbers', async () => {
    const lost = await rig.node({ active: 1 })
    const staying = await rig.node({ active: 1 })
    await lost.admission.enter(byCode('254700000001'))
    const [waiting] = await enter(staying, 1)
    expect(waiting?.granted).toBe(false)
    await lost.lease[Symbol.asyncDispose]()
    await waiting?.turn
    expect(await storedPlaces()).toEqual([{ granted: true }])
    expect(await refusalOf(staying.admission.enter(byCode('254700000001')))).toBeNull()
  })

  test('that was lost and comes back has its places again, and gets no more than its own limit', async () => {
    const paused = await rig.node({ perNode: 2 })
    const other = await rig.node({ perNode: 2 })
    const places = await enter(paused, 4)
    await lose(paused)
    await enter(other, 1)
    const [late] = await enter(paused, 1)
    expect(late?.granted).toBe(false)
    await expect
      .poll(() => storedPlaces(paused))
      .toEqual([true, true, false, false, false].map(isGranted => ({ granted: isGranted })))
    places[0]?.leave()
    await places[2]?.turn
    expect(granted([...places, ...(late ? [late] : [])])).toEqual([true, true, true, false, false])
  })
})

describe('a database that goes away', () => {
  async function throughLine(): Promise<{ line: TcpProxy; node: TestNode }> {
    const line = await TcpProxy.open(rig.appUrl)
    return { line, node: await rig.node({ active: 1 }, line.through(rig.appUrl)) }
  }

  test('admits nobody, then everybody; what left meanwhile is given back', async () => {
    const { line, node } = await throughLine()
    const [place, waiting] = await enter(node, 2)
    line.cut()
    expect(await refusalOf(node.admission.enter(byQr(newAddress())))).toMatchObject({ code: 'database_unavailable' })
    place?.leave()
    await line.restore()
    await waiting?.turn
    expect(await refusalOf(node.admission.enter(byQr(newAddress())))).toBeNull()
    expect(await storedPlaces()).toEqual([{ granted: true }, { granted: false }])
    await node.stop()
    await line[Symbol.asyncDispose]()
  })

  test('in the middle of a start leaves no place behind that nobody has', async () => {
    const { line, node } = await throughLine()
    const cut = line.cutAt('link_enter', 'after commit')
    expect(await refusalOf(node.admission.enter(byQr(newAddress())))).toMatchObject({ code: 'database_unavailable' })
    await cut
    expect(await storedPlaces()).toHaveLength(1)
    await line.restore()
    await expect.poll(() => storedPlaces()).toEqual([])
    const [next] = await enter(node, 1)
    expect(next?.granted).toBe(true)
    await node.stop()
    await line[Symbol.asyncDispose]()
  })

  test('while a node stops is left to the lease', async () => {
    const { line, node } = await throughLine()
    await enter(node, 1)
    line.cut()
    await node.stop()
    await line[Symbol.asyncDispose]()
    const other = await rig.node({ active: 1 })
    const [waiting] = await enter(other, 1)
    await lose(node)
    await waiting?.turn
  })
})
