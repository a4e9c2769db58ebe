import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { Rows } from '../../../tests/support/rows.js'
import { TcpProxy } from '../../../tests/support/tcp-proxy.js'
import { openTestDatabase, type TestDatabase } from '../../../tests/support/template-database.js'
import { createLog } from '../log.js'
import { createEventWakeups, type EventWakeups } from './event-wakeups.js'

let database: TestDatabase
let line: TcpProxy
let rows: Rows
let wakeups: EventWakeups
let logged: string[]
let woken: number

beforeAll(async () => {
  database = await openTestDatabase()
  line = await TcpProxy.open(database.appUrl)
  rows = new Rows(database.ownerUrl)
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await line[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

beforeEach(async () => {
  logged = []
  woken = 0
  wakeups = createEventWakeups({
    url: () => line.through(database.appUrl),
    log: createLog({ level: 'debug', destination: { write: text => void logged.push(text) } }),
    // a line that stands must not be given up on a busy machine
    heartbeat: { everyMs: 50, limitMs: 2_000 },
  })
  wakeups.subscribe('one', () => woken++)
  await wakeups.start()
})

afterEach(async () => {
  await line.restore()
  await wakeups[Symbol.asyncDispose]()
})

const losses = () => logged.filter(text => text.includes('event_wakeups_lost')).length

/** Until a notification gets through: the connection stands and listens. */
async function expectListening(): Promise<void> {
  const before = woken
  await expect
    .poll(async () => {
      await rows.query(`select pg_notify('whizlite_events', 'one')`)
      return woken
    })
    .toBeGreaterThan(before)
}

test('a notification wakes the subscribers of its session', expectListening)

test('a line that is reset is made again, and the process lives', async () => {
  await expectListening()
  line.reset()
  await expect.poll(losses).toBe(1)
  await expectListening()
})

test('a line on which nothing comes back is noticed and made again', async () => {
  await expectListening()
  line.stall()
  await expect.poll(losses).toBe(1)
  await line.restore()
  await expectListening()
})

test('a database that refuses for a while is asked again until it listens', async () => {
  line.cut()
  await expect.poll(losses).toBe(1)
  await line.restore()
  await expectListening()
})

test('stops while nothing comes back', async () => {
  line.stall()
  await wakeups[Symbol.asyncDispose]()
  await wakeups[Symbol.asyncDispose]()
})
