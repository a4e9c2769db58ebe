import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

/** How a child ended: its exit code or the signal that ended it, and the end of what it wrote to stderr. */
export type ChildEnd = { code: number | null; signal: NodeJS.Signals | null; lastWords: string }

export type ChildOptions<Ready> = {
  file: string
  args?: string[]
  env: NodeJS.ProcessEnv
  /** Everything it prints is kept here; begun anew on every start. */
  logFile: string
  /** Reads one line of its output: what it announces once it is ready, else null. */
  announced: (line: string) => Ready | null
}

export interface Child<Ready> extends AsyncDisposable {
  /** What it announced; null when it ended, or too much time passed, before that. */
  readonly ready: Promise<Ready | null>
  readonly ended: Promise<ChildEnd>
}

const READY_LIMIT_MS = 180_000
/** A gateway takes at most 25 s to close its connections. */
const STOP_LIMIT_MS = 28_000
const LAST_LINES = 12

type Spawned = ChildProcessByStdio<Writable, Readable, Readable>

/**
 * Starts a program of this build that ends by itself when its input closes, which the system does when this process is gone, however it
 * went. It is the head of a process group of its own, so that a Ctrl-C in the terminal reaches this process
 * alone, which then ends its children in their order.
 */
export function startChild<Ready>(options: ChildOptions<Ready>): Child<Ready> {
  const { file, args = [], env, announced } = options
  const detached = process.platform !== 'win32'
  // Its own folder: a `.env` beside the repository is meant for the real gateway.
  const cwd = path.dirname(options.logFile)
  const child = spawn(process.execPath, [file, ...args], { env, cwd, stdio: ['pipe', 'pipe', 'pipe'], detached })
  const lastLines: string[] = []
  child.stdin.on('error', () => {})
  keepLog(child, options.logFile)
  onLines(child.stderr, line => lastLines.push(line) > LAST_LINES && lastLines.shift())

  const ended = new Promise<ChildEnd>(resolve => {
    child.once('close', (code, signal) => resolve({ code, signal, lastWords: lastLines.join('\n') }))
    child.once('error', error => resolve({ code: null, signal: null, lastWords: error.message }))
  })
  const ready = new Promise<Ready | null>(resolve => {
    const timer = setTimeout(() => resolve(null), READY_LIMIT_MS)
    onLines(child.stdout, line => {
      const found = announced(line)
      if (found === null) return
      clearTimeout(timer)
      resolve(found)
    })
    void ended.then(() => {
      clearTimeout(timer)
      resolve(null)
    })
  })
  let stopping: Promise<void> | undefined
  return { ready, ended, [Symbol.asyncDispose]: () => (stopping ??= stop(child, ended)) }
}

async function stop(child: Spawned, ended: Promise<ChildEnd>): Promise<void> {
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS)
  child.stdin.end()
  await ended
  clearTimeout(timer)
}

function keepLog(child: Spawned, file: string): void {
  const log = createWriteStream(file, { flags: 'w', mode: 0o600 })
  // A full disk is no reason to end the demo.
  log.on('error', () => {})
  for (const output of [child.stdout, child.stderr]) output.on('data', (chunk: Buffer) => log.write(chunk))
  child.once('close', () => log.end())
}

function onLines(stream: Readable, take: (line: string) => void): void {
  createInterface({ input: stream }).on('line', take)
}
