import { mkdtempSync, rmSync } from 'node:fs'
import path from 'node:path'
import { Client } from 'pg'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { killServer, localServer, occupy } from '../../tests/support/local-server.js'
import { Mailbox } from '../../tests/support/mailbox.js'
import { type LocalPostgres, startLocalPostgres } from './database/local/start-local-postgres.js'
import { keepLocalDatabase } from './keep-local-database.js'
import { createLog } from './log.js'
import type { RepeatedLook } from './sessions/repeated-look.js'

const firstPauseMs = 20

type Line = { event: string; pid?: number; ms?: number; code?: string; hint?: string }

let dataDir: string
let local: LocalPostgres
let keeper: RepeatedLook
let told: Mailbox<Line>

beforeEach(async () => {
  dataDir = mkdtempSync(path.join(inject('scratch'), 'keep-'))
  local = await startLocalPostgres({ dataDir, fast: true })
  told = new Mailbox('log line')
  keep()
})
afterEach(async () => {
  await keeper[Symbol.asyncDispose]()
  await local.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

function keep(): void {
  const log = createLog({ level: 'debug', destination: { write: line => told.put(JSON.parse(line) as Line) } })
  keeper = keepLocalDatabase({ local, log, lookEveryMs: 5, firstPauseMs })
  keeper.start()
}

const events = (): string[] => told.all().map(({ event }) => event)
const count = (event: string): number => events().filter(each => each === event).length

test('starts a server that was killed, and the next one as well', async () => {
  let { pid } = local
  for (const time of [1, 2]) {
    await killServer({ pid })
    await expect.poll(() => count('local_database_started')).toBe(time)
    pid = localServer(dataDir).pid
    expect(told.all().at(-1)).toMatchObject({ pid })
  }
  expect(count('local_database_gone')).toBe(2)
})

test('tries less and less often while another program has the port, and says what to do', async () => {
  const { pid, port } = localServer(dataDir)
  await keeper[Symbol.asyncDispose]()
  await killServer({ pid })
  const other = await occupy(port)
  keep()
  await expect.poll(() => count('local_database_port_taken')).toBeGreaterThanOrEqual(4)
  await other[Symbol.asyncDispose]()
  await told.waitFor(({ event }) => event === 'local_database_started')
  const tries = told.all().filter(({ event }) => event === 'local_database_port_taken')
  expect(tries.map(({ ms }) => ms)).toEqual(tries.map((_, index) => firstPauseMs * 2 ** index))
  expect(tries[0]).toMatchObject({ code: 'port_taken', hint: expect.stringContaining('Restart every gateway') })
  expect(localServer(dataDir).port).toBe(port)
  expect(count('local_database_gone')).toBe(1)
})

test('goes on trying while a statement outlives the server, which keeps its memory', async () => {
  const client = new Client(local.url)
  client.on('error', () => {})
  await client.connect()
  await client.query(`set statement_timeout = '2s'`)
  const lost = client.query('do $$ begin loop end loop; end $$').catch(() => {})
  const looking = new Client(local.url)
  looking.on('error', () => {})
  await looking.connect()
  const busy = `select from pg_stat_activity where state = 'active' and query like 'do %'`
  await expect.poll(async () => (await looking.query(busy)).rowCount).toBe(1)
  await killServer(local)
  await told.waitFor(({ event }) => event === 'local_database_started')
  expect(told.all()).toContainEqual(
    expect.objectContaining({ event: 'local_database_not_started', code: 'start_failed' }),
  )
  await lost
  await Promise.all([client, looking].map(each => each.end().catch(() => {})))
})

test('takes a server that is left for no dead one', async () => {
  const other = await startLocalPostgres({ dataDir })
  await other.stop()
  await keeper[Symbol.asyncDispose]()
  await local.stop()
  expect(() => localServer(dataDir)).toThrow()
  expect(events()).toEqual([])
})
