import { behindProxy } from '../http/network-of.js'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  AdmissionRig,
  byCode,
  byQr,
  byService,
  newAddress,
  refusalOf,
  type TestNode,
} from '../../../tests/support/admission-rig.js'

const minute = 60
const hour = 60 * minute
const day = 24 * hour
const number = '254700000001'

let rig: AdmissionRig
let node: TestNode

beforeAll(async () => (rig = await AdmissionRig.open()))
beforeEach(async () => (node = await rig.node()))
afterEach(() => rig.reset())
afterAll(() => rig[Symbol.asyncDispose]())

type AnyStart = ReturnType<typeof byQr> | ReturnType<typeof byCode>

/** Starts that end at once, so that only counting over time is shown. */
async function startAndLeave(start: AnyStart): Promise<void> {
  const place = await node.admission.enter(start)
  place.leave()
}

/** @param about seconds; what has passed while the test ran does not matter */
const tooMany = (about: number) => ({ code: 'too_many_attempts', seconds: expect.closeTo(about, -2) as number })

/** When one of those that are under way has ended, at the latest. */
const soon = { code: 'too_many_attempts', seconds: expect.closeTo(120, -2.1) as number }

describe('an address', () => {
  test('gets 30 starts an hour, by QR or code, then waits for a quarter of an hour and until the hour has room', async () => {
    const address = newAddress()
    for (let i = 0; i < 29; i++) await startAndLeave(byQr(address))
    await startAndLeave(byCode(number, address))
    expect(await refusalOf(node.admission.enter(byQr(address)))).toEqual(tooMany(hour))
    expect(await refusalOf(node.admission.enter(byQr(newAddress())))).toBeNull()
    await rig.pass(hour + 10)
    expect(await refusalOf(node.admission.enter(byQr(address)))).toBeNull()
  })

  test('the hour slides: what lies longer back counts no more, start by start', async () => {
    const address = newAddress()
    for (let i = 0; i < 15; i++) await startAndLeave(byQr(address))
    await rig.pass(40 * minute)
    for (let i = 0; i < 15; i++) await startAndLeave(byQr(address))
    await rig.pass(21 * minute)
    for (let i = 0; i < 15; i++) await startAndLeave(byQr(address))
    expect(await refusalOf(node.admission.enter(byQr(address)))).toEqual(tooMany(39 * minute))
  })

  test('has a quarter of them at once, also when they wait; the next is to come back in a minute or three, without any offence', async () => {
    await node.stop()
    node = await rig.node({ perNode: 2 })
    const address = newAddress()
    const places = await Promise.all(Array.from({ length: 7 }, () => node.admission.enter(byQr(address))))
    expect(places.filter(place => place.granted)).toHaveLength(2)
    for (let i = 0; i < 20; i++) expect(await refusalOf(node.admission.enter(byQr(address)))).toEqual(soon)
    places[6]?.leave()
    const again = await node.admission.enter(byQr(address))
    expect(again.granted).toBe(false)
    expect(await refusalOf(node.admission.enter(byQr(address)))).toEqual(soon)
    expect(await rig.rows.query('select from link_cool_downs')).toEqual([])
  })

  test('is the whole of IPv4 in both its forms, and the /64 of IPv6', async () => {
    await node.stop()
    node = await rig.node({ perAddress: 6 })
    await node.admission.enter(byQr('192.0.2.7'))
    expect(await refusalOf(node.admission.enter(byQr('::ffff:192.0.2.7')))).not.toBeNull()
    expect(await refusalOf(node.admission.enter(byQr('192.0.2.8')))).toBeNull()
    await node.admission.enter(byQr('2001:db8:1:2::1'))
    expect(await refusalOf(node.admission.enter(byQr('2001:db8:1:2:ffff::9')))).not.toBeNull()
    expect(await refusalOf(node.admission.enter(byQr('2001:db8:1:3::1')))).toBeNull()
  })

  test('of IPv6 shares the /48 with its neighbours: one /48 does not fill a node', async () => {
    await node.stop()
    node = await rig.node({ perAddress: 4, perNode: 5 })
    for (let i = 0; i < 4; i++) await node.admission.enter(byQr(`2001:db8:1:${i}::1`))
    expect(await refusalOf(node.admission.enter(byQr('2001:db8:1:ffff::1')))).toEqual(soon)
    expect((await node.admission.enter(byQr('2001:db8:2::1'))).granted).toBe(true)
  })

  test('of a proxy that nobody named, behind which everybody stands, has room for many, and waits for an hour at most', async () => {
    await node.stop()
    node = await rig.node({ perAddress: 1 })
    const address = behindProxy('10.0.0.1')
    for (let i = 0; i < 20; i++) await startAndLeave(byQr(address))
    expect(await waitsOf(5, () => byQr(address))).toEqual([15, 30, 60, 60, 60])
  })
})

describe('a number', () => {
  test('has one attempt at once, whoever asks, and its next when that one has left; who asks meanwhile commits no offence', async () => {
    const place = await node.admission.enter(byCode(number))
    place.leave()
    const second = await node.admission.enter(byCode(number))
    for (let i = 0; i < 20; i++) expect(await refusalOf(node.admission.enter(byCode(number)))).toEqual(soon)
    expect(await refusalOf(node.admission.enter(byCode('254700000002')))).toBeNull()
    second.leave()
    const third = await node.admission.enter(byCode(number))
    // the hour is used up, too: that is what there is to wait for, and still no offence
    expect(await refusalOf(node.admission.enter(byCode(number)))).toEqual(tooMany(hour))
    third.leave()
    expect(await rig.rows.query('select from link_cool_downs')).toEqual([])
  })

  test('gets three codes an hour and six a day', async () => {
    for (let i = 0; i < 3; i++) await startAndLeave(byCode(number))
    expect(await refusalOf(node.admission.enter(byCode(number)))).toEqual(tooMany(hour))
    await rig.pass(hour + 10)
    for (let i = 0; i < 3; i++) await startAndLeave(byCode(number))
    await rig.pass(hour + 10)
    expect(await refusalOf(node.admission.enter(byCode(number)))).toEqual(tooMany(day - 2 * hour))
    await rig.pass(day - 2 * hour)
    expect(await refusalOf(node.admission.enter(byCode(number)))).toBeNull()
  })
})

describe('a start that asked WhatsApp for nothing', () => {
  const leaveUnused = async (start: AnyStart) => (await node.admission.enter(start)).leave({ used: false })

  test('is given back to its address and its number, and only the first word on it counts', async () => {
    const address = newAddress()
    for (let i = 0; i < 10; i++) await leaveUnused(byCode(number, address))
    for (let i = 0; i < 3; i++) {
      const place = await node.admission.enter(byCode(number, address))
      place.leave({ used: true })
      place.leave({ used: false })
    }
    expect(await refusalOf(node.admission.enter(byCode(number, address)))).toEqual(tooMany(hour))
    expect(await rig.rows.query(`select from link_starts`)).toHaveLength(6)
  })

  test('is counted all the same once an address has had an hour’s worth of them given back', async () => {
    const address = newAddress()
    for (let i = 0; i < 60; i++) await leaveUnused(byQr(address))
    expect(await refusalOf(node.admission.enter(byQr(address)))).toEqual(tooMany(hour))
  })

  test('because its node was lost while it waited is given back, too', async () => {
    await node.stop()
    const lost = await rig.node({ active: 1 })
    const address = newAddress()
    await lost.admission.enter(byQr(address))
    await lost.admission.enter(byCode(number, address))
    await lost.lease[Symbol.asyncDispose]()
    node = await rig.node()
    await startAndLeave(byQr(newAddress()))
    // what was under way may have shown its QR
    expect(await rig.rows.query(`select from link_starts`)).toHaveLength(2)
  })
})

/** Minutes that each further start over a count is told to wait, long after its count has room again, once the wait before is over. */
async function waitsOf(count: number, start: () => AnyStart): Promise<number[]> {
  const minutes: number[] = []
  for (let i = 0; i < count; i++) {
    const at = `clock_timestamp() - interval '59 minutes 50 seconds'`
    await rig.rows.query(`update link_starts set at = ${at}`)
    await refusalOf(node.admission.enter(start()))
    const [wait] = await rig.rows.query<{ minutes: number }>(
      `select round(extract(epoch from max(until - at)) / 60)::integer as minutes from link_cool_downs`,
    )
    minutes.push(wait?.minutes ?? 0)
    await rig.pass((wait?.minutes ?? 0) * minute + 10)
  }
  return minutes
}

describe('an offence', () => {
  test('doubles the wait of an address, up to a day', async () => {
    const address = newAddress()
    for (let i = 0; i < 30; i++) await startAndLeave(byQr(address))
    expect(await waitsOf(9, () => byQr(address))).toEqual([15, 30, 60, 120, 240, 480, 960, 1_440, 1_440])
  })

  test('doubles that of a number up to an hour, whoever drives it', async () => {
    for (let i = 0; i < 3; i++) await startAndLeave(byCode(number))
    expect(await waitsOf(8, () => byCode(number))).toEqual([15, 30, 60, 60, 60, 60, 60, 60])
    await rig.pass(hour)
    expect(await refusalOf(node.admission.enter(byCode(number)))).toBeNull()
  })

  test('is not committed again by those who come before the wait that was told is over', async () => {
    const address = newAddress()
    for (let i = 0; i < 30; i++) await startAndLeave(byQr(address))
    for (let i = 0; i < 11; i++) {
      expect(await refusalOf(node.admission.enter(byQr(address)))).toEqual(tooMany(hour - i * 5 * minute))
      await rig.pass(5 * minute)
    }
    expect(await rig.rows.query(`select level from link_cool_downs`)).toEqual([{ level: 1 }])
  })

  test('is forgotten after a day without another', async () => {
    const address = newAddress()
    for (let i = 0; i < 30; i++) await startAndLeave(byQr(address))
    expect(await waitsOf(3, () => byQr(address))).toEqual([15, 30, 60])
    await rig.pass(day)
    for (let i = 0; i < 30; i++) await startAndLeave(byQr(address))
    expect(await waitsOf(1, () => byQr(address))).toEqual([15])
  })

  test('is not what a running wait refuses, nor is that counted', async () => {
    const address = newAddress()
    for (let i = 0; i < 3; i++) await startAndLeave(byCode(number))
    await rig.pass(50 * minute)
    const other = await rig.node()
    await refusalOf(node.admission.enter(byCode(number)))
    for (let i = 0; i < 20; i++) {
      await rig.pass(10)
      for (const { admission } of [node, other]) {
        expect(await refusalOf(admission.enter(byCode(number, address)))).toEqual(tooMany(15 * minute - i * 10 - 10))
      }
    }
    expect(await rig.rows.query(`select level from link_cool_downs`)).toEqual([{ level: 1 }])
    expect(await rig.rows.query(`select from link_starts`)).toHaveLength(6)
    expect(await refusalOf(node.admission.enter(byQr(address)))).toBeNull()
  })
})

describe('a number that WhatsApp refuses', () => {
  test('waits on every node, for services too, and no other does', async () => {
    const other = await rig.node()
    await node.admission.coolDown(number)
    for (const { admission } of [node, other]) {
      expect(await refusalOf(admission.enter(byCode(number)))).toEqual(tooMany(15 * minute))
      expect(await refusalOf(admission.enter(byService(number)))).toEqual(tooMany(15 * minute))
    }
    expect(await refusalOf(node.admission.enter(byCode('254700000002')))).toBeNull()
    await rig.pass(16 * minute)
    await node.admission.coolDown(number)
    expect(await refusalOf(other.admission.enter(byCode(number)))).toEqual(tooMany(30 * minute))
  })
})

test('a closed page lets no visitor begin, and counts nothing; services go on', async () => {
  await node.stop()
  node = await rig.node({ closed: true })
  for (const start of [byQr(newAddress()), byCode(number)]) {
    expect(await refusalOf(node.admission.enter(start))).toMatchObject({ code: 'linking_closed' })
  }
  expect(await rig.rows.query('select from link_starts')).toEqual([])
  expect((await node.admission.enter(byService(number))).granted).toBe(true)
})

test('a service is counted nowhere', async () => {
  await node.stop()
  node = await rig.node({ perAddress: 6 })
  for (let i = 0; i < 20; i++) expect(await refusalOf(node.admission.enter(byService(number)))).toBeNull()
  expect(await rig.rows.query('select from link_starts')).toEqual([])
})

test('nothing that is stored or logged can be read, and old rows go', async () => {
  const address = '198.51.100.23'
  for (let i = 0; i < 3; i++) await startAndLeave(byCode(number, address))
  await refusalOf(node.admission.enter(byCode(number, address)))
  await node.admission.enter(byQr(address))
  const stored = await rig.rows.query<{ text: string }>(
    `select encode(subject, 'escape') as text from link_starts union all select encode(subject, 'escape') from link_cool_downs
     union all select encode(s, 'escape') from link_places, unnest(subjects) as s`,
  )
  expect(stored.length).toBeGreaterThan(4)
  for (const text of [...stored.map(row => row.text), ...rig.logLines]) {
    expect(text).not.toContain(number)
    expect(text).not.toContain(address)
  }
  await node.stop()
  await rig.pass(3 * day)
  await rig.node()
  expect(await rig.rows.query('select from link_starts')).toEqual([])
  expect(await rig.rows.query('select from link_cool_downs')).toEqual([])
})
