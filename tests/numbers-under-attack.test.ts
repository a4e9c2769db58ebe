import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Phone } from '../src/simulator/index.js'
import { Attacker, cookieOf, type Said } from './support/attacker.js'
import { countStatementsFor } from './support/statements-for.js'
import { ForwardedVisitor } from './support/crowd.js'
import { Rows } from './support/rows.js'
import { TestGateway } from './support/test-gateway.js'

let gateway: TestGateway
let rows: Rows
let networks = 0

beforeAll(async () => {
  gateway = await TestGateway.start({
    env: { TRUST_PROXY: 'loopback', LINK_MAX_PER_ADDRESS: '30' },
    codeAnswerMs: 1_000,
  })
  rows = new Rows(gateway.database.ownerUrl)
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
})

const newAddress = () => `198.19.${++networks >> 8}.${networks & 255}`
const attacker = () => new Attacker(gateway.url, newAddress())
const idOf = ({ body }: Said) => (JSON.parse(body) as { sessionId: string }).sessionId

async function cancel(asker: Attacker, said: Said): Promise<void> {
  const headers = { cookie: cookieOf(said) }
  expect((await asker.ask('DELETE', `/api/sessions/${idOf(said)}`, { headers })).status).toBe(204)
}

/** As it would be long after: no cool-down that ran then holds any more, in the database or in the memory of a node. */
async function whenCoolDownsHaveEnded(): Promise<void> {
  await gateway.stopApp()
  await rows.query(`update link_cool_downs set until = clock_timestamp() - interval '1 second'`)
  await gateway.startApp()
}

describe('what a number is', () => {
  /** An answer without what is random in it, and what went over the wire at WhatsApp for it. */
  async function probe(phoneNumber: string) {
    const asker = attacker()
    const onlooker = attacker()
    const [last] = (await gateway.simulator.ledger()).slice(-1)
    using statements = countStatementsFor(asker.address)
    const said = await asker.start({ phoneNumber: `+${phoneNumber}` })
    const cookie = cookieOf(said)
    expect(said).toMatchObject({ status: 200, body: expect.stringMatching(/"pairingCode":"[1-9A-Z]{4}-[1-9A-Z]{4}"/) })
    // by somebody else's line, so that the questions are not counted
    const look = async () => (await onlooker.ask('GET', '/api/sessions/current', { headers: { cookie } })).body
    await expect.poll(look).toContain('"pairingCode"')
    const view = JSON.parse(await look()) as object
    const count = await statements.settled(look)
    await cancel(asker, said)
    const stanzas = (await gateway.simulator.ledger())
      .filter(({ seq, tag, path }) => seq > (last?.seq ?? 0) && !(tag === 'iq' && path[0] === 'ping'))
      .map(({ direction, tag, attrs, path }) => ({ direction, tag, attrs: Object.keys(attrs).toSorted(), path }))
    const { 'set-cookie': _token, ...headers } = said.headers
    const shape = {
      headers,
      fields: Object.keys(JSON.parse(said.body) as object),
      length: said.body.length,
      view: Object.keys(view).toSorted(),
      stanzas,
    }
    return { shape, count }
  }

  test('cannot be told from any answer: known to WhatsApp or not, linked here before or never seen', async () => {
    const known = '254741000001'
    const linkedBefore = '254741000002'
    await gateway.simulator.phone(known)
    const owner = new ForwardedVisitor(gateway.url, newAddress())
    await owner.startAnyhow()
    await owner.finishWith(await gateway.simulator.phone(linkedBefore))
    await owner.leave()
    // asked for here before, without ever having linked
    const askedBefore = '254741000003'
    await probe(askedBefore)

    const reference = await probe('254741000004')
    expect(reference.shape.stanzas.length).toBeGreaterThan(2)
    expect(reference.count).toBeGreaterThan(5)
    for (const number of [known, linkedBefore, askedBefore]) {
      expect(await probe(number), number).toEqual(reference)
    }
  }, 60_000)
})

describe('a number that is no number', () => {
  const odd: [string, unknown][] = [
    ['a number of JSON', 254741000009],
    ['null', null],
    ['true', true],
    ['a list', ['+254741000009']],
    ['an object', { digits: '254741000009' }],
    ['nothing', ''],
    ['blanks', '   '],
    ['a plus', '+'],
    ['letters', 'call me'],
    ['letters among digits', '+2547410000o9'],
    ['no country', '0741000009'],
    ['too short', '+2547'],
    ['too long', `+254741000009${'0'.repeat(12)}`],
    ['a WhatsApp address', '254741000009@s.whatsapp.net'],
    ['a NUL', '+254741000009\u0000'],
    ['two', '+254741000009,+254741000010'],
    ['SQL', "254741000009'; drop table link_attempts; --"],
    ['markup', '<b>254741000009</b>'],
    ['longer than any', '1'.repeat(41)],
    ['longer than a body may be', '1'.repeat(100_000)],
    ['pictures of digits', '2️⃣5️⃣4️⃣7️⃣4️⃣1️⃣'],
  ]

  test('is refused before anything is counted, stored or sent', async () => {
    const before = (await gateway.simulator.ledger()).length
    const attempts = await rows.query('select session_id from link_attempts')
    const starts = await rows.query('select at from link_starts')
    for (const [name, phoneNumber] of odd) {
      const said = await attacker().start({ phoneNumber })
      expect({ name, status: said.status }).toEqual({ name, status: name === 'longer than a body may be' ? 413 : 400 })
      expect(said.headers['set-cookie'], name).toBeUndefined()
      expect(said.body, name).not.toContain('741000009')
    }
    expect(await rows.query('select session_id from link_attempts')).toEqual(attempts)
    expect(await rows.query('select at from link_starts')).toEqual(starts)
    expect((await gateway.simulator.ledger()).length).toBe(before)
  })
})

describe('bombing a number with codes', () => {
  const number = '254742000001'
  const spellings = [
    `+${number}`,
    number,
    `00${number}`,
    '+254 742 000 001',
    '+254-742-000-001',
    '２５４７４２０００００１',
  ]
  let phone: Phone

  beforeAll(async () => {
    phone = await gateway.simulator.phone(number)
  })

  /** From thirty networks at once. */
  async function bomb(): Promise<{ asker: Attacker; said: Said }[]> {
    const askers = Array.from({ length: 30 }, () => attacker())
    return Promise.all(
      askers.map(async (asker, index) => ({
        asker,
        said: await asker.start({ phoneNumber: spellings[index % spellings.length] }),
      })),
    )
  }

  function expectRefused({ said }: { said: Said }, leastSeconds: number, mostSeconds: number): void {
    expect(said).toMatchObject({ status: 429, body: expect.stringContaining('"too_many_attempts"') })
    const wait = Number(said.headers['retry-after'])
    expect(wait).toBeGreaterThan(leastSeconds)
    // counted from a moment after the request came
    expect(wait).toBeLessThanOrEqual(mostSeconds + 1)
  }

  /** One of thirty rings the phone; all others are told to come back when that attempt is over, and commit no offence. */
  async function oneRingsThePhone(mostSeconds: number): Promise<void> {
    const rung = (await phone.codeRequests()).length
    const answers = await bomb()
    const admitted = answers.filter(({ said }) => said.status === 200)
    const refused = answers.filter(({ said }) => said.status !== 200)
    expect(admitted).toHaveLength(1)
    for (const each of refused) expectRefused(each, 30, mostSeconds)
    expect(new Set(refused.map(({ said }) => said.body)).size).toBe(1)
    expect(await rows.query('select from link_cool_downs')).toEqual([])
    for (const { asker, said } of admitted) await cancel(asker, said)
    expect((await phone.codeRequests()).length).toBe(rung + 1)
  }

  test('rings it once at a time and three times an hour; then nobody rings it, and nobody locks its owner out for a day', async () => {
    await oneRingsThePhone(180)
    await oneRingsThePhone(180)
    // the hour is used up with the third, which the others are told
    await oneRingsThePhone(3_600)
    for (let rounds = 1; rounds <= 4; rounds++) {
      for (const each of await bomb()) expectRefused(each, 3_300, 3_600)
      await whenCoolDownsHaveEnded()
    }
    expect(await phone.codeRequests()).toHaveLength(3)
  }, 60_000)

  test('leaves those alone who asked: by QR, or for numbers of their own', async () => {
    const asker = attacker()
    const said = await asker.start({ phoneNumber: number })
    expect(said.status).toBe(429)
    expect((await asker.start({ phoneNumber: '254742000002' })).status).toBe(200)
    expect((await attacker().start()).status).toBe(200)
  })
})

test('an address that nobody vouches for buys no new start', async () => {
  await using plain = await TestGateway.start({
    simulator: gateway.simulator,
    env: { LINK_MAX_PER_ADDRESS: '6' },
  })
  const honest = new Attacker(plain.url)
  expect((await honest.start()).status).toBe(200)
  const claims: Record<string, string>[] = [
    {},
    { 'x-forwarded-for': '203.0.113.77' },
    { 'x-forwarded-for': '203.0.113.78, 203.0.113.79' },
    { 'x-forwarded-for': 'unknown, ,, 1' },
    { 'x-forwarded-for': '::1' },
    { forwarded: 'for=203.0.113.80' },
    { 'x-real-ip': '203.0.113.81' },
    { 'x-client-ip': '203.0.113.82' },
    { 'cf-connecting-ip': '203.0.113.83' },
    { 'true-client-ip': '203.0.113.84' },
    { 'x-forwarded-host': 'elsewhere.example' },
  ]
  for (const claim of claims) {
    const said = await honest.start({}, claim)
    expect({ claim, status: said.status }).toEqual({ claim, status: 429 })
  }
  // behind the proxy that is trusted, what the visitor wrote in front of the proxy's own word counts for nothing
  const proxied = newAddress()
  const statuses: number[] = []
  for (let tries = 0; tries < 8; tries++) {
    const said = await new Attacker(gateway.url, `203.0.113.${tries}, ${proxied}`).start()
    statuses.push(said.status)
  }
  const granted = statuses.filter(status => status === 200).length
  expect(statuses.slice(granted).every(status => status === 429)).toBe(true)
  expect(granted).toBeLessThan(8)
})
