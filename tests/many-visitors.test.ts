import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eachOf, ForwardedVisitor } from './support/crowd.js'
import { moreThan, openResources, processListeners } from './support/open-resources.js'
import { Rows } from './support/rows.js'
import { TestGateway } from './support/test-gateway.js'

const everyone = 200
const places = 60
const finishers = 50
/** Of the finishers so many have a place from the start; the others wait in the queue until these have finished. */
const firstFinishers = 45
const scanningAtOnce = 8

let gateway: TestGateway
let rows: Rows
const warnings: string[] = []
const onWarning = ({ name, message }: Error) => void warnings.push(`${name}: ${message}`)

beforeAll(async () => {
  process.on('warning', onWarning)
  gateway = await TestGateway.start({
    env: { TRUST_PROXY: 'loopback', LINK_MAX_PER_NODE: String(places), LINK_MAX_PER_ADDRESS: '30' },
  })
  rows = new Rows(gateway.database.ownerUrl)
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
  process.off('warning', onWarning)
})

const visitor = (number: number) =>
  new ForwardedVisitor(gateway.url, `198.18.${Math.floor(number / 250)}.${(number % 250) + 1}`)

const phone = (number: number) => gateway.simulator.phone(String(254_730_000_000 + number))

const health = () =>
  fetch(`${gateway.url}/health`).then(
    async response => (await response.text(), response.status),
    () => 0,
  )

/** Asks again and again until it is disposed of, and keeps every status that came. */
function watchHealth(): AsyncDisposable & { statuses: number[] } {
  const statuses: number[] = []
  const stopping = new AbortController()
  const watching = (async () => {
    while (!stopping.signal.aborted) {
      statuses.push(await health())
      await delay(50)
    }
  })()
  const stop = async (): Promise<void> => {
    stopping.abort()
    await watching
  }
  return { statuses, [Symbol.asyncDispose]: stop }
}

/** How attempts have ended that are over. */
const ends = () =>
  rows.query(
    `select phase, reason, count(*)::int from link_attempts where phase in ('expired', 'cancelled', 'failed') group by phase, reason`,
  )

/** Every table that knows sessions, and which of them it names; the history of attempts apart. */
async function namedSessions(): Promise<Map<string, Set<string>>> {
  const tables = await rows.query<{ name: string }>(
    `select table_name as name from information_schema.columns where column_name = 'session_id' and table_schema = current_schema()
     and table_name not in ('link_attempts', 'event_log')`,
  )
  const named = new Map<string, Set<string>>()
  for (const { name } of [...tables, { name: 'sessions' }]) {
    const column = name === 'sessions' ? 'id' : 'session_id'
    const found = await rows.query<{ id: string }>(
      `select distinct ${column} as id from ${name} where ${column} is not null`,
    )
    named.set(name, new Set(found.map(({ id }) => id)))
  }
  return named
}

test('two hundred who start at once get a QR or a place in the queue, fifty finish, and nothing of the others stays', async () => {
  const before = await openResources(rows)
  const listenersBefore = processListeners()
  await using watch = watchHealth()

  // all at once
  const visitors = Array.from({ length: everyone }, (_, number) => visitor(number))
  const answers = await Promise.all(visitors.map(each => each.startAnyhow()))
  expect(answers.filter(({ status }) => status !== 200).map(({ body }) => body['code'])).toEqual([])
  expect(await ends()).toEqual([])
  const shown = visitors.filter((_, index) => answers[index]?.body['qrCode'] !== undefined)
  const queued = visitors
    .map((each, index) => ({ each, position: Number(answers[index]?.body['queuePosition'] ?? 0) }))
    .filter(({ position }) => position > 0)
    .toSorted((a, b) => a.position - b.position)
  // whoever waits has the page open: nobody else keeps a place in the queue for longer than a minute
  for (const { each } of queued) void each.events
  expect(shown).toHaveLength(places)
  expect(queued.map(({ position }) => position)).toEqual(Array.from({ length: everyone - places }, (_, n) => n + 1))

  // those who finish make room, in the order of the queue
  const finished: string[] = []
  const finish = async (each: ForwardedVisitor, number: number): Promise<void> => {
    const view = await each.finishWith(await phone(number))
    expect(view).toMatchObject({ phase: 'complete', state: 'handed_off' })
    finished.push(view.sessionId)
  }
  await eachOf(shown.slice(0, firstFinishers), scanningAtOnce, finish)
  const called = queued.slice(0, firstFinishers).map(({ each }) => each)
  const waiting = queued.slice(firstFinishers).map(({ each }) => each)
  await Promise.all(called.map(each => each.events.waitForEvent('qr_code')))
  expect((await waiting[0]?.view())?.queuePosition).toBe(1)
  expect((await waiting.at(-1)?.view())?.queuePosition).toBe(waiting.length)
  const later = called.slice(0, finishers - firstFinishers)
  await eachOf(later, scanningAtOnce, (each, index) => finish(each, firstFinishers + index))

  // the others give up, those who wait first
  for (const group of [waiting.toReversed(), called.slice(later.length), shown.slice(firstFinishers)]) {
    await eachOf(group, scanningAtOnce, async each => {
      const { sessionId } = await each.view()
      expect((await each.request('DELETE', `/api/sessions/${sessionId}`)).status).toBe(204)
    })
  }
  await Promise.all(visitors.map(each => each.leave()))
  await watch[Symbol.asyncDispose]()
  expect(watch.statuses.length).toBeGreaterThan(20)
  expect(new Set(watch.statuses)).toEqual(new Set([200]))

  // each who finished has one device on the account, which no socket of ours is left for; nobody else has any
  const accounts = await gateway.simulator.phones()
  expect(accounts.map(({ devices }) => devices)).toEqual(Array.from({ length: finishers }, () => 1))
  const remaining = new Set(finished)
  expect(remaining.size).toBe(finishers)
  await expect
    .poll(async () => [...(await namedSessions())].flatMap(([, ids]) => [...ids].filter(id => !remaining.has(id))))
    .toEqual([])
  expect((await namedSessions()).get('sessions')).toEqual(remaining)
  expect(await rows.query('select from link_places')).toEqual([])
  await expect.poll(async () => moreThan(before, await openResources(rows)), { timeout: 40_000 }).toEqual({})
  expect(processListeners()).toEqual(listenersBefore)
  expect(warnings).toEqual([])
}, 180_000)
