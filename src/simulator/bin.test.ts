import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { connectSimulator } from './control/remote-simulator.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** A build of its own below the repository, where the packages are found and nobody else writes. */
const BUILD = path.join(ROOT, '.cache', 'simulator-build')

let folder: string
let child: ChildProcessByStdio<Writable, Readable, null> | undefined

beforeAll(() => {
  const compiler = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  const flags = ['-p', 'tsconfig.json', '--outDir', BUILD, '--declaration', 'false', '--sourceMap', 'false']
  spawnSync(process.execPath, [compiler, ...flags], { cwd: ROOT })
})

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'whizlite-simulator-'))
})

afterEach(async () => {
  child?.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})

async function start(...args: string[]): Promise<{ url: string; rootKey: string; controlUrl: string }> {
  const bin = path.join(BUILD, 'simulator', 'bin.js')
  const started = spawn(process.execPath, [bin, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  child = started
  const [line] = await once(createInterface(started.stdout), 'line')
  return JSON.parse(String(line))
}

async function exitCode(): Promise<unknown> {
  if (!child) return undefined
  const [code] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode]
  return code
}

describe('whizlite-simulator', () => {
  test('tells where it is, keeps its files to itself, and stops on a signal', async () => {
    const files = { state: path.join(folder, 'state.json'), key: path.join(folder, 'root.json') }
    const ledger = path.join(folder, 'ledger.jsonl')
    const args = ['--state', files.state, '--root-key', files.key, '--ledger', ledger]
    const first = await start(...args)
    const remote = await connectSimulator(first.controlUrl)
    expect(first).toMatchObject({ url: remote.url, rootKey: remote.rootKey })
    await remote.phone('49151000061', { name: 'Ada' })
    child?.kill('SIGTERM')
    expect(await exitCode()).toBe(0)
    for (const file of [files.state, files.key, ledger]) expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(JSON.parse(await readFile(files.key, 'utf8'))).toMatchObject({ publicKey: first.rootKey })

    const second = await start(...args)
    expect(second.rootKey).toBe(first.rootKey)
    const again = await connectSimulator(second.controlUrl)
    expect(await again.phones()).toMatchObject([{ phoneNumber: '49151000061', name: 'Ada' }])
    await again.stop()
    expect(await exitCode()).toBe(0)
  })

  test('goes with its parent when told to', async () => {
    await start('--with-parent')
    child?.stdin.end()
    expect(await exitCode()).toBe(0)
  })

  test('refuses a port that is none', async () => {
    const bin = path.join(BUILD, 'simulator', 'bin.js')
    const { status, stderr } = spawnSync(process.execPath, [bin, '--port', 'eighty'], { encoding: 'utf8' })
    expect(status).toBe(1)
    expect(stderr).toContain('not a port')
  })
})
