import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApp, type App } from '../src/backend/app.js'
import { createLog } from '../src/backend/log.js'
import { Attacker, cookieOf } from './support/attacker.js'
import { ForwardedVisitor } from './support/crowd.js'
import { Rows } from './support/rows.js'
import { find, sought } from './support/secret-search.js'
import { TestGateway } from './support/test-gateway.js'

const closed = { noAttempt: 4404 }
const serviceToken = randomBytes(32).toString('hex')

let gateway: TestGateway
let rows: Rows
let otherNode: App
let otherUrl = ''
let victim: ForwardedVisitor
let victimsId = ''
const attackers: Attacker[] = []
const otherLines: string[] = []

beforeAll(async () => {
  gateway = await TestGateway.start({
    env: { TRUST_PROXY: 'loopback', LINK_MAX_PER_ADDRESS: '30', WHATSAPP_SERVICE_TOKEN: serviceToken },
  })
  rows = new Rows(gateway.database.ownerUrl)
  const log = createLog({ level: 'debug', destination: { write: line => void otherLines.push(line) } })
  otherNode = await createApp(gateway.config, { log, pages: (_request, _response, next) => next() })
  otherUrl = `http://127.0.0.1:${await otherNode.start()}`
  victim = new ForwardedVisitor(gateway.url, '203.0.113.1')
  await victim.startAnyhow()
  victimsId = (await victim.view()).sessionId
  await victim.events.waitForEvent('qr_code')
})

afterAll(async () => {
  await victim.leave()
  await otherNode[Symbol.asyncDispose]()
  await rows[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
})

/** Each attack comes from a network of its own, so that none is stopped by what another did. */
function attacker(url = gateway.url): Attacker {
  const made = new Attacker(url, `198.18.${attackers.length >> 8}.${attackers.length & 255}`)
  attackers.push(made)
  return made
}

const token = () => victim.cookie?.split('=')[1] ?? ''

const attemptCount = async () => (await rows.query('select from link_attempts')).length

/** Whatever was tried: the one attacked links on as if nothing had been. */
async function expectVictimUnharmed(): Promise<void> {
  expect(await victim.view(victimsId)).toMatchObject({ sessionId: victimsId, phase: 'scanning', state: 'linking' })
}

describe('guessing an attempt', () => {
  const guesses = () => [
    victimsId,
    victimsId.toUpperCase(),
    randomUUID(),
    '00000000-0000-0000-0000-000000000000',
    'not-an-id',
    `${victimsId}%00`,
    `${victimsId}%20`,
    `%7B${victimsId}%7D`,
    `urn:uuid:${victimsId}`,
    victimsId.slice(0, -1),
    "'%20or%201=1--",
    '..%2f..%2fhealth',
    'a'.repeat(2_000),
  ]

  test('answers what exists and what does not in the same words, to whoever asks, on any node', async () => {
    const own = attacker()
    const cookies = ['', cookieOf(await own.start()), `whizlite-attempt=${randomBytes(32).toString('base64url')}`]
    for (const method of ['GET', 'DELETE']) {
      const first = await attacker().ask(method, `/api/sessions/${randomUUID()}`)
      expect(first).toMatchObject({ status: 404, body: expect.stringContaining('"attempt_not_found"') })
      for (const url of [gateway.url, otherUrl]) {
        for (const cookie of cookies) {
          const guesser = attacker(url)
          const asking = guesses().map(id =>
            guesser.ask(method, `/api/sessions/${id}`, cookie === '' ? {} : { headers: { cookie } }),
          )
          for (const [index, said] of (await Promise.all(asking)).entries()) {
            expect(said, `${method} ${guesses()[index]?.slice(0, 60)}`).toEqual(first)
          }
        }
      }
    }
    await expectVictimUnharmed()
  })

  test('comes to an end after some hundred guesses, and nobody else notices', async () => {
    const guesser = attacker()
    const guess = () => guesser.ask('GET', `/api/sessions/${randomUUID()}`)
    let said = await guess()
    for (let rounds = 1; said.status === 404 && rounds < 100; rounds++) {
      const answers = await Promise.all(Array.from({ length: 20 }, guess))
      said = answers.find(({ status }) => status !== 404) ?? said
    }
    expect(said).toMatchObject({ status: 429, body: expect.stringContaining('"too_many_attempts"') })
    expect(Number(said.headers['retry-after'])).toBeGreaterThan(0)
    for (const path of [`/api/sessions/${victimsId}`, '/api/sessions/current', '/api/page-settings']) {
      const refused = await guesser.ask('GET', path, { headers: { cookie: victim.cookie ?? '' } })
      expect({ status: refused.status, body: refused.body }).toEqual({ status: 429, body: said.body })
    }
    expect((await guesser.start()).status).toBe(429)
    expect((await guesser.ask('GET', '/health')).status).toBe(200)
    await expectVictimUnharmed()
  })
})

describe('a cookie', () => {
  test('that was planted is never adopted: the visitor gets one that nobody else knows', async () => {
    const planted = `whizlite-attempt=${randomBytes(32).toString('base64url')}`
    const thief = attacker()
    const given = cookieOf(await thief.start({}, { cookie: planted }))
    expect(given).toMatch(/^whizlite-attempt=[\w-]{43}$/)
    expect(given).not.toBe(planted)
    const seen = await attacker().ask('GET', '/api/sessions/current', { headers: { cookie: planted } })
    expect(seen).toMatchObject({ status: 200, body: 'null' })
    expect((await attacker().listen('', { cookie: planted })).status).toBe(closed.noAttempt)
  })

  test('opens nothing unless it is the whole, exact one under its own name', async () => {
    const value = token()
    const hash = createHash('sha256').update(value).digest()
    const forged = [
      `whizlite-attempt=${value.slice(0, -1)}`,
      `whizlite-attempt=${value}A`,
      `whizlite-attempt=${value.toLowerCase()}`,
      `whizlite-attempt=${hash.toString('base64url')}`,
      `whizlite-attempt=${victimsId}`,
      `whizlite-attempt=`,
      `Whizlite-Attempt=${value}`,
      `__Host-whizlite-attempt=${value}`,
      `session=${value}`,
    ]
    for (const cookie of forged) {
      const thief = attacker()
      const said = await thief.ask('GET', `/api/sessions/${victimsId}`, { headers: { cookie } })
      expect({ cookie, status: said.status }).toEqual({ cookie, status: 404 })
      expect(await thief.ask('GET', '/api/sessions/current', { headers: { cookie } })).toMatchObject({ body: 'null' })
    }
  })
})

describe('watching another’s socket', () => {
  test('shows nothing of them: not without their cookie, not by any word in the address or a header', async () => {
    const own = attacker()
    const ownStart = await own.start()
    const ownId = (JSON.parse(ownStart.body) as { sessionId: string }).sessionId
    const queries = [
      '',
      '?after=0',
      '?after=-1',
      `?token=${token()}`,
      `?sessionId=${victimsId}`,
      `?cookie=${victim.cookie}`,
    ]
    const others = [{}, { authorization: `Bearer ${token()}` }, { 'sec-websocket-protocol': token() }]
    for (const url of [gateway.url, otherUrl]) {
      for (const query of queries) {
        for (const headers of others) {
          const { frames } = await attacker(url).listen(query, headers)
          expect(frames).toEqual([])
        }
        const { frames } = await attacker(url).listen(query, { cookie: cookieOf(ownStart) }, 1)
        expect(frames.every(frame => frame.includes(ownId) && !frame.includes(victimsId))).toBe(true)
      }
    }
    await expectVictimUnharmed()
  })

  test('is refused to pages of other sites even with the cookie', async () => {
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { host: 'evil.example' },
    ]) {
      const { status, frames } = await attacker().listen('', { cookie: victim.cookie ?? '', ...headers })
      expect({ headers, status, frames }).toEqual({ headers, status: 403, frames: [] })
    }
  })
})

test('a guessed service token gains nothing, and nobody becomes a visitor by it', async () => {
  const guesser = attacker()
  const cookie = victim.cookie ?? ''
  const guesses = [
    randomBytes(32).toString('hex'),
    serviceToken.slice(0, -1),
    `${serviceToken}0`,
    serviceToken.toUpperCase(),
    token(),
    victimsId,
    'x'.repeat(4_000),
    '',
  ]
  const answers = new Set<string>()
  for (const guess of guesses) {
    for (const scheme of ['Bearer', 'Token']) {
      const headers = { authorization: `${scheme} ${guess}`, cookie }
      const said = await guesser.ask('GET', `/api/sessions/${victimsId}`, { headers })
      expect(said.status).toBe(401)
      answers.add(said.body)
    }
  }
  for (const headers of [{ cookie: `whizlite-attempt=${serviceToken}` }, { 'x-api-key': serviceToken }]) {
    expect(await guesser.ask('GET', `/api/sessions/${victimsId}`, { headers })).toMatchObject({ status: 404 })
  }
  expect(answers.size).toBe(1)
})

test('after all of it the one attacked links, and nobody heard the session ID but the phone', async () => {
  const before = await attemptCount()
  const phone = await gateway.simulator.phone('254740000001', { name: 'Njeri' })
  expect(await victim.finishWith(phone)).toMatchObject({ phase: 'complete', state: 'handed_off' })
  const { text } = await phone.waitForMessage({ fromMe: true })
  expect(text).toMatch(/^WHIZLITE_/)
  const body = String(text).slice('WHIZLITE_'.length)
  const secrets = [0, 300, 600].map(from => sought(`session ID from ${from}`, body.slice(from, from + 60)))
  const curious = attacker()
  for (const path of ['current', victimsId]) {
    await curious.ask('GET', `/api/sessions/${path}`, { headers: { cookie: victim.cookie ?? '' } })
  }
  await curious.start({}, { 'content-type': 'application/json', cookie: victim.cookie ?? '', origin: 'null' })
  expect(curious.heard.join()).toContain('complete')
  const everything = [
    ...attackers.flatMap(({ heard }) => heard),
    ...victim.events.all().map(event => JSON.stringify(event)),
    ...gateway.logLines,
    ...otherLines,
  ]
  expect(everything.length).toBeGreaterThan(200)
  expect(find(secrets, everything.join('\n'))).toEqual([])
  const told = attackers.filter(each => each !== curious).flatMap(({ heard }) => heard)
  expect(told.filter(words => words.includes(phone.phoneNumber))).toEqual([])
  expect(await attemptCount()).toBe(before)
})
