import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, vi } from 'vitest'
import { z } from 'zod'

const Running = z.object({ pid: z.number(), address: z.object({ port: z.number() }) })
const Manifest = z.object({
  engines: z.unknown(),
  scripts: z.object({ start: z.string(), test: z.string(), dev: z.string() }),
})

const repository = fileURLToPath(new URL('../../', import.meta.url))
const run = promisify(execFile)

/** Says where it is, and leaves a note when it was asked to stop and could finish. */
const PROGRAM = `
import { renameSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
const server = createServer((_, response) => response.end('one'))
let stopping = false
const stop = () => {
  if (stopping) process.exit(1)
  stopping = true
  server.close(() => { writeFileSync('stopped', ''); process.exit(0) })
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
server.listen(0, '127.0.0.1', () => {
  // complete or not there: a test may look at any moment
  writeFileSync('running.new', JSON.stringify({ pid: process.pid, address: server.address() }))
  renameSync('running.new', 'running')
})
`

/** A start that a test watches. */
export type Start = {
  child: ChildProcess
  /** All it has printed so far. */
  output: () => string
  /** Resolves with the exit code when it and everything that inherited its output has ended. */
  ended: Promise<number | null>
}

/** A project as small as can be, under the real start.js, the real npm, and the real compiler. */
export type SmallProject = {
  folder: string
  start(command?: string[], env?: NodeJS.ProcessEnv): Start
  /** Waits until the program of the last start runs; its process number and address. */
  running(): Promise<{ pid: number; url: string }>
  /** Forgets an earlier run, so that `running` waits for the next. */
  forget(): Promise<void>
  /** Writes one more package into package.json and package-lock.json, not into node_modules. */
  depend(name: string): Promise<void>
  write(place: string, text: string): Promise<void>
  has(place: string): Promise<boolean>
  /** Ends whatever it started and removes the folder. */
  dispose(): Promise<void>
}

export async function makeSmallProject(): Promise<SmallProject> {
  const folder = await mkdtemp(path.join(tmpdir(), 'start-chain-'))
  const started: Start[] = []
  const write = async (place: string, text: string): Promise<void> => {
    await mkdir(path.dirname(path.join(folder, place)), { recursive: true })
    await writeFile(path.join(folder, place), text)
  }
  const read = (place: string): Promise<string | null> => readFile(path.join(folder, place), 'utf8').catch(() => null)
  for (const part of ['start.js', 'scripts/start', 'scripts/build.mjs']) {
    await cp(path.join(repository, part), path.join(folder, part), { recursive: true })
  }
  const own = Manifest.parse(JSON.parse(await readFile(path.join(repository, 'package.json'), 'utf8')))
  await write('package.json', JSON.stringify(manifest(own)))
  await write('tsconfig.json', JSON.stringify(COMPILER))
  await write('src/backend/main.ts', PROGRAM)
  await write('src/backend/text.sql', 'select 1')
  await write('package-lock.json', await (lockFile ??= makeLockFile(folder)))
  return {
    folder,
    write,
    has: async place => (await read(place)) !== null,
    forget: async () => {
      await rm(path.join(folder, 'running'), { force: true })
      await rm(path.join(folder, 'stopped'), { force: true })
    },
    depend: async name => {
      const from = path.join(repository, 'node_modules', name)
      await run('npm', ['install', from, '--package-lock-only', '--offline'], { cwd: folder })
    },
    start: (command = [process.execPath, 'start.js'], env = {}) => {
      const start = startIn(folder, command, env)
      started.push(start)
      return start
    },
    running: async () => {
      const text = await eventually(() => read('running'))
      const { pid, address } = Running.parse(JSON.parse(text))
      return { pid, url: `http://127.0.0.1:${address.port}` }
    },
    dispose: async () => {
      for (const { child } of started) child.kill('SIGKILL')
      const text = await read('running')
      if (text !== null) endIfAlive(Running.parse(JSON.parse(text)).pid)
      await Promise.all(started.map(({ ended }) => ended))
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** The same for every project: all lie in one folder and depend on the same packages. */
let lockFile: Promise<string> | null = null

async function makeLockFile(folder: string): Promise<string> {
  await run('npm', ['install', '--package-lock-only', '--offline'], { cwd: folder })
  return await readFile(path.join(folder, 'package-lock.json'), 'utf8')
}

function startIn(folder: string, [command = '', ...args]: string[], env: NodeJS.ProcessEnv): Start {
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...withoutNpm(process.env), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const chunks: string[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk.toString()))
  const ended = new Promise<number | null>(resolve => child.once('close', resolve))
  return { child, output: () => chunks.join(''), ended }
}

/** These tests may themselves run under npm; what they start must not believe that it was npm who started it. */
const withoutNpm = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('npm_')))

/** A value as soon as there is one. */
export async function eventually<T>(read: () => Promise<T | null>): Promise<T> {
  let found: T | null = null
  await vi.waitFor(
    async () => {
      found = await read()
      expect(found).not.toBeNull()
    },
    { timeout: 20_000, interval: 20 },
  )
  if (found === null) throw new Error('Nothing was found.')
  return found
}

function endIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Already gone.
  }
}

/** The scripts are the product's own, because how they are written decides which signals arrive. */
const manifest = ({ engines, scripts: { start, test, dev } }: z.infer<typeof Manifest>): unknown => ({
  name: 'small',
  version: '1.0.0',
  type: 'module',
  engines,
  scripts: { start, test, dev },
  dependencies: {
    typescript: `file:${path.join(repository, 'node_modules', 'typescript')}`,
    vitest: `file:${path.join(repository, 'node_modules', 'vitest')}`,
  },
})

const COMPILER = {
  compilerOptions: { target: 'ES2023', module: 'NodeNext', rootDir: 'src', outDir: 'dist', types: [] },
  include: ['src'],
}
