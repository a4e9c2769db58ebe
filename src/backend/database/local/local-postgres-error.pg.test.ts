import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { buildLauncher, launch } from '../../../../tests/support/launched-postgres.js'
import { type LocalPostgres, startLocalPostgres } from './start-local-postgres.js'

const asRoot = process.getuid?.() === 0
const NOBODY = 65_534

let dataDir: string
const open: LocalPostgres[] = []

beforeEach(() => {
  dataDir = mkdtempSync(path.join(inject('scratch'), 'refusals-'))
})
afterEach(async () => {
  for (const started of open.splice(0)) await started.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

const cluster = (): string => path.join(dataDir, 'postgres', 'cluster')

async function start(settings: Record<string, string> = {}): Promise<LocalPostgres> {
  const started = await startLocalPostgres({ dataDir, fast: true, settings })
  open.push(started)
  return started
}

describe('refusals say what to do:', () => {
  test.runIf(asRoot)('a folder the account of PostgreSQL cannot reach', async () => {
    const inside = path.join(dataDir, 'private', 'data')
    mkdirSync(inside, { recursive: true })
    chmodSync(dataDir, 0o700)
    chownSync(dataDir, 1, 1)
    await expect(startLocalPostgres({ dataDir: inside })).rejects.toMatchObject({
      code: 'data_dir_unreachable',
      action: expect.stringContaining('Set DATA_DIR to a folder outside private home folders'),
    })
  })

  test.runIf(asRoot)('a folder of somebody else', async () => {
    const checkout = path.join(inject('scratch'), 'refused-launcher')
    await buildLauncher(checkout)
    await expect(launch({ dataDir, checkout, uid: NOBODY })).rejects.toThrow(
      /data_dir_unreachable: .* Make it writable for this user/,
    )
  })

  test('a folder that is a file', async () => {
    const file = path.join(dataDir, 'file')
    writeFileSync(file, '')
    await expect(startLocalPostgres({ dataDir: file })).rejects.toMatchObject({ code: 'data_dir_unreachable' })
  })

  test('no binaries', async () => {
    await expect(startLocalPostgres({ dataDir, binDir: '/nowhere' })).rejects.toMatchObject({ code: 'no_binaries' })
  })

  test('data of another major version', async () => {
    await (await start()).stop()
    writeFileSync(path.join(cluster(), 'PG_VERSION'), '12\n')
    await expect(start()).rejects.toMatchObject({
      code: 'wrong_major_version',
      action: expect.stringContaining('Install PostgreSQL 12'),
    })
    expect(readFileSync(path.join(cluster(), 'PG_VERSION'), 'utf8')).toBe('12\n')
  })

  test('files that are not a cluster', async () => {
    mkdirSync(cluster(), { recursive: true })
    writeFileSync(path.join(cluster(), 'letter.txt'), 'dear')
    await expect(start()).rejects.toMatchObject({ code: 'data_dir_foreign' })
    expect(readFileSync(path.join(cluster(), 'letter.txt'), 'utf8')).toBe('dear')
  })

  test('a server that was given another password', async () => {
    const running = await start()
    writeFileSync(path.join(cluster(), 'gateway-password'), 'another')
    await expect(startLocalPostgres({ dataDir })).rejects.toMatchObject({ code: 'data_dir_in_use' })
    const client = new Client(running.url)
    await client.connect()
    await client.end()

    writeFileSync(path.join(cluster(), 'gateway-password'), new URL(running.url).password)
  })

  test('a server that cannot start', async () => {
    await expect(start({ shared_buffers: '1kB' })).rejects.toMatchObject({
      code: 'start_failed',
      action: expect.stringContaining('postgres.log'),
    })
  })
})
