import { type ChildProcess, type ChildProcessByStdio, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, symlink } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { z } from 'zod'

const repository = fileURLToPath(new URL('../../', import.meta.url))

/** Starts the launcher, says what it got or why not, and stops it when told to. */
const PROGRAM = `
const { startLocalPostgres } = await import(process.argv[1])
try {
  const { url, pid, adopted, stop } = await startLocalPostgres({ dataDir: process.argv[2], fast: process.argv[3] === 'fast' })
  process.once('SIGTERM', () => stop().then(() => process.exit(0)))
  setInterval(() => {}, 60_000)
  console.log(JSON.stringify({ url, pid, adopted }))
} catch (error) {
  console.log(JSON.stringify({ refusal: [error.code + ':', error.message, error.action].join(' ') }))
  process.exit(1)
}`

/** Builds the launcher alone into a checkout of its own, so that other accounts can run it and no other part can stand in its way. */
export async function buildLauncher(checkout: string): Promise<void> {
  await mkdir(checkout, { recursive: true })
  await cp(path.join(repository, 'package.json'), path.join(checkout, 'package.json'))
  await symlink(path.join(repository, 'node_modules'), path.join(checkout, 'node_modules'))
  const entry = 'src/backend/database/local/start-local-postgres.ts'
  const options = ['--target', 'ES2023', '--module', 'NodeNext', '--ignoreConfig', '--noCheck', '--rootDir', 'src']
  const tsc = path.join(repository, 'node_modules/typescript/bin/tsc')
  await promisify(execFile)(process.execPath, [tsc, entry, ...options, '--outDir', path.join(checkout, 'dist')], {
    cwd: repository,
  })
}

const Answer = z.union([
  z.object({ url: z.string(), pid: z.number(), adopted: z.boolean() }),
  z.object({ refusal: z.string() }),
])

/** A process of its own that uses a local PostgreSQL. */
export type Launched = {
  postgres: { url: string; pid: number; adopted: boolean }
  /** Ends it in good order. */
  stop(): Promise<void>
  /** No goodbye of any kind. */
  kill(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export type LaunchOptions = {
  dataDir: string
  /** Run as this account instead of this process's. */
  uid?: number
  /** Survive a crash of the server. Tests are quicker without. */
  durable?: boolean
  /** Where the launcher was built, see `buildLauncher`. */
  checkout: string
}

/** @throws Error with the launcher's own refusal */
export async function launch(options: LaunchOptions): Promise<Launched> {
  const child = spawnLauncher(options)
  const [line]: unknown[] = await once(createInterface({ input: child.stdout }), 'line')
  const answer = Answer.parse(JSON.parse(String(line)))
  if ('refusal' in answer) throw new Error(answer.refusal)
  return { postgres: answer, ...endings(child) }
}

/** A launcher that is killed before it has an answer. */
export function launchAndForget(options: LaunchOptions): Pick<Launched, 'kill'> {
  return endings(spawnLauncher(options))
}

function spawnLauncher({
  dataDir,
  uid,
  durable = false,
  checkout,
}: LaunchOptions): ChildProcessByStdio<null, Readable, null> {
  const launcher = path.join(checkout, 'dist/backend/database/local/start-local-postgres.js')
  const account = uid === undefined ? {} : { uid, gid: uid }
  const args = ['--input-type=module', '-e', PROGRAM, launcher, dataDir, durable ? 'durable' : 'fast']
  return spawn(process.execPath, args, { ...account, cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] })
}

function endings(child: ChildProcess): Omit<Launched, 'postgres'> {
  const ended = once(child, 'exit')
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    const [code, signal]: unknown[] = await ended
    if (code !== 0 && signal !== 'SIGKILL') throw new Error(`The launcher ended with ${String(code ?? signal)}.`)
  }
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  return { stop, kill, [Symbol.asyncDispose]: stop }
}
