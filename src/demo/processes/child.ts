import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'

/** How a child ended: its exit code or the signal that ended it, and the end of what it wrote to stderr. */
export type ChildEnd = { code: number | null; signal: NodeJS.Signals | null; lastWords: string }

export type ChildOptions<Ready> = {
  file: string
  args?: string[]
  env: NodeJS.ProcessEnv
  /** Everything it prints is kept here; begun anew on every start. */
  logFile: string
  /** `stdin`: it ends when its input closes; `channel`: when the message channel does. Both close with this process, however it ends. */
  leash: 'stdin' | 'channel'
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

/**
 * Starts a program of this build. It is the head of a process group of its own, so that a Ctrl-C in the terminal reaches this process
 * alone, which then ends its children in their order.
 */
export function startChild<Ready>(options: ChildOptions<Ready>): Child<Ready> {
  const { file, args = [], env, leash, announced } = options
  const stdio: StdioOptions = leash === 'stdin' ? ['pipe', 'pipe', 'pipe'] : ['ignore', 'pipe', 'pipe', 'ipc']
  const child = spawn(process.execPath, [file, ...args], { env, stdio, detached: process.platform !== 'win32' })
  const lastLines: string[] = []
  child.stdin?.on('error', () => {})
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

async function stop(child: ChildProcess, ended: Promise<ChildEnd>): Promise<void> {
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS)
  child.stdin?.end()
  if (child.connected) child.disconnect()
  await ended
  clearTimeout(timer)
}

function keepLog(child: ChildProcess, file: string): void {
  const log = createWriteStream(file, { flags: 'w', mode: 0o600 })
  // A full disk is no reason to end the demo.
  log.on('error', () => {})
  for (const output of [child.stdout, child.stderr]) output?.on('data', (chunk: Buffer) => log.write(chunk))
  child.once('close', () => log.end())
}

function onLines(stream: NodeJS.ReadableStream | null, take: (line: string) => void): void {
  if (stream !== null) createInterface({ input: stream }).on('line', take)
}
