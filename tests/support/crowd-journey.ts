import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import { eachOf, ForwardedVisitor } from './crowd.js'
import { moreThan, mostAtRest, openResources, processListeners } from './open-resources.js'
import { Rows } from './rows.js'
import { TestGateway } from './test-gateway.js'

export type CrowdSize = {
  /** Who start at the same moment. */
  everyone: number
  /** Who can be shown a code at one time. */
  places: number
  finishers: number
  /** Of the finishers so many have a place from the start; the others wait in the queue until these have finished. */
  firstFinishers: number
}

const scanningAtOnce = 8

const health = (url: string) =>
  fetch(`${url}/health`).then(
    async response => (await response.text(), response.status),
    () => 0,
  )

/** Asks again and again until it is disposed of, and keeps every status that came. */
function watchHealth(url: string): AsyncDisposable & { statuses: number[] } {
  const statuses: number[] = []
  const stopping = new AbortController()
  const watching = (async () => {
    while (!stopping.signal.aborted) {
      statuses.push(await health(url))
      await delay(50)
    }
  })()
  const stop = async (): Promise<void> => {
    stopping.abort()
    await watching
  }
  return { statuses, [Symbol.asyncDispose]: stop }
}

/** What Node warned of since, such as listeners that add up. */
function watchWarnings(): Disposable & { all: string[] } {
  const all: string[] = []
  const onWarning = ({ name, message }: Error) => void all.push(`${name}: ${message}`)
  process.on('warning', onWarning)
  return { all, [Symbol.dispose]: () => void process.off('warning', onWarning) }
}

/** How attempts have ended that are over. */
const ends = (rows: Rows) =>
  rows.query(
    `select phase, reason, count(*)::int from link_attempts where phase in ('expired', 'cancelled', 'failed') group by phase, reason`,
  )

/** Every table that knows sessions, and which of them it names; the history of attempts apart. */
async function namedSessions(rows: Rows): Promise<Map<string, Set<string>>> {
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

/** All start at once on a gateway of their own, some finish, the others give up; nothing of those may be left, in the database and in the process. */
export async function crowdComesAndGoes({ everyone, places, finishers, firstFinishers }: CrowdSize): Promise<void> {
  using warnings = watchWarnings()
  await using gateway = await TestGateway.start({
    env: { TRUST_PROXY: 'loopback', LINK_MAX_PER_NODE: String(places), LINK_MAX_PER_ADDRESS: '30' },
  })
  await using rows = new Rows(gateway.database.ownerUrl)
  const visitor = (number: number) =>
    new ForwardedVisitor(gateway.url, `198.18.${Math.floor(number / 250)}.${(number % 250) + 1}`)
  const phone = (number: number) => gateway.simulator.phone(String(254_730_000_000 + number))
  const before = await mostAtRest(() => openResources(rows))
  const listenersBefore = processListeners()
  await using watch = watchHealth(gateway.url)

  // all at once
  const visitors = Array.from({ length: everyone }, (_, number) => visitor(number))
  const answers = await Promise.all(visitors.map(each => each.startAnyhow()))
  expect(answers.filter(({ status }) => status !== 200).map(({ body }) => body['code'])).toEqual([])
  expect(await ends(rows)).toEqual([])
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
    .poll(async () => [...(await namedSessions(rows))].flatMap(([, ids]) => [...ids].filter(id => !remaining.has(id))))
    .toEqual([])
  expect((await namedSessions(rows)).get('sessions')).toEqual(remaining)
  expect(await rows.query('select from link_places')).toEqual([])
  // Baileys keeps a timer of half a minute for each line that has uploaded its pre-keys, whether it still stands or not
  await expect
    .poll(async () => moreThan(before, await openResources(rows)), { timeout: 60_000, interval: 1_000 })
    .toEqual({})
  expect(processListeners()).toEqual(listenersBefore)
  expect(warnings.all).toEqual([])
}
