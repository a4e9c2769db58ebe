import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Client } from 'pg'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { keptPort, killServer, localServer, occupy } from '../../../../tests/support/local-server.js'
import { type LocalPostgres, startLocalPostgres } from './start-local-postgres.js'

let dataDir: string
const open: LocalPostgres[] = []

beforeEach(() => {
  dataDir = mkdtempSync(path.join(inject('scratch'), 'start-again-'))
})
afterEach(async () => {
  for (const started of open.splice(0)) await started.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

async function start({ fast = true } = {}): Promise<LocalPostgres> {
  const started = await startLocalPostgres({ dataDir, fast, settings: { work_mem: '5MB' } })
  open.push(started)
  return started
}

async function ask(url: string, statement: string): Promise<unknown[]> {
  const client = new Client(url)
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows
  } finally {
    await client.end()
  }
}

test('the next start has the port of the one before, below those that outgoing connections are given', async () => {
  const first = await start()
  expect(Number(new URL(first.url).port)).toBe(keptPort(dataDir))
  expect(keptPort(dataDir)).toBeGreaterThanOrEqual(20_000)
  expect(keptPort(dataDir)).toBeLessThan(30_000)
  await first.stop()
  expect((await start()).url).toBe(first.url)
})

test.each(['', 'five', '0', '70000'])('a port file that says “%s” is no reason not to start', async text => {
  await (await start()).stop()
  writeFileSync(path.join(dataDir, 'postgres', 'port'), text)
  expect(Number(new URL((await start()).url).port)).toBe(keptPort(dataDir))
})

test('a start whose port somebody else has takes another one, and keeps that', async () => {
  const first = await start()
  await first.stop()
  await using _ = await occupy(keptPort(dataDir))
  const second = await start()
  expect(second.url).not.toBe(first.url)
  expect(Number(new URL(second.url).port)).toBe(keptPort(dataDir))
})

test('a server that was killed is started again where it was, as it was, with what was committed', async () => {
  const local = await start({ fast: false })
  await ask(local.url, 'create table kept as select 7 as n')
  expect(local.isAlive()).toBe(true)
  await killServer(local)
  expect(local.isAlive()).toBe(false)
  const pid = await local.startAgain()
  expect(pid).toBe(localServer(dataDir).pid)
  expect(pid).not.toBe(local.pid)
  expect(local.isAlive()).toBe(true)
  expect(await ask(local.url, `select n, current_setting('work_mem') as memory from kept`)).toEqual([
    { n: 7, memory: '5MB' },
  ])
})

test('all who use the folder may start it again at once: one does, the others find it', async () => {
  const users = [await start(), await start(), await start()]
  await killServer(localServer(dataDir))
  const pids = await Promise.all(users.map(user => user.startAgain()))
  expect(new Set(pids)).toEqual(new Set([localServer(dataDir).pid]))
  expect(users.map(user => user.isAlive())).toEqual([true, true, true])
  // it stays until the last of them has left
  await users[0]?.stop()
  await users[1]?.stop()
  expect(await ask(users[2]?.url ?? '', 'select 1 as n')).toEqual([{ n: 1 }])
  await users[2]?.stop()
  expect(() => localServer(dataDir)).toThrow()
})

test('who leaves starts nothing again', async () => {
  const local = await start()
  const leaving = local.stop()
  expect(await local.startAgain()).toBeNull()
  await leaving
  expect(await local.startAgain()).toBeNull()
  expect(() => localServer(dataDir)).toThrow()
})

test('where another program has the port meanwhile it says so, and starts once that is gone', async () => {
  const local = await start()
  await killServer(local)
  const other = await occupy(keptPort(dataDir))
  await expect(local.startAgain()).rejects.toMatchObject({
    code: 'port_taken',
    action: expect.stringContaining('Restart every gateway of this data folder'),
  })
  await other[Symbol.asyncDispose]()
  expect(await local.startAgain()).toBe(localServer(dataDir).pid)
})

test('where it was started at another port meanwhile it says so', async () => {
  const local = await start()
  await killServer(local)
  await using _ = await occupy(keptPort(dataDir))
  const restarted = await start()
  expect(restarted.adopted).toBe(false)
  await expect(local.startAgain()).rejects.toMatchObject({ code: 'port_changed', action: 'Restart this gateway.' })
  expect(await ask(restarted.url, 'select 1 as n')).toEqual([{ n: 1 }])
})

test('a cluster that is gone is not made anew', async () => {
  const local = await start()
  await killServer(local)
  rmSync(path.join(dataDir, 'postgres', 'cluster'), { recursive: true })
  await expect(local.startAgain()).rejects.toMatchObject({ code: 'start_failed' })
})
