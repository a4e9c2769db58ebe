import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Mailbox } from './mailbox.js'
import { Visitor } from './visitor.js'

const program = fileURLToPath(new URL('../../dist/backend/main.js', import.meta.url))

/** All visitors of a test come from one address. */
const oneAddress = { LINK_MAX_PER_ADDRESS: '100000' }

type LogLine = { event: string; port?: number } & Record<string, unknown>

/** The built gateway as its own process, as an operator runs it: what it printed, how it ended. */
export class GatewayProcess implements AsyncDisposable {
  readonly log = new Mailbox<LogLine>('log line')
  readonly exited: Promise<number | NodeJS.Signals>
  readonly #child: ChildProcess
  #output = ''
  #url = ''

  constructor(env: Record<string, string>) {
    if (!existsSync(program)) throw new Error('The build is missing: run npm run build first.')
    this.#child = spawn(process.execPath, [program], {
      env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...oneAddress, ...env },
      // away from a developer's own .env
      cwd: tmpdir(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.exited = new Promise(resolve => this.#child.once('exit', (code, signal) => resolve(signal ?? code ?? -1)))
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.#output += chunk.toString('utf8')))
    if (this.#child.stdout === null) return
    createInterface({ input: this.#child.stdout }).on('line', line => {
      this.#output += `${line}\n`
      if (line.startsWith('{')) this.log.put(JSON.parse(line) as LogLine)
    })
  }

  /** Everything it printed so far, both streams. */
  get output(): string {
    return this.#output
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Whether it has not ended yet; a stopped process has not. */
  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** `SIGSTOP` freezes it where it stands, `SIGCONT` lets it go on. */
  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGUSR2'): void {
    this.#child.kill(name)
  }

  /** @returns the base URL once the door is open; rejects with its output when it ends before */
  async ready(): Promise<string> {
    const listening = this.log.waitFor(line => line.event === 'listening', 90_000, 'listening')
    const ended = this.exited.then(how => Promise.reject(new Error(`gateway ended with ${how}:\n${this.#output}`)))
    const { port } = await Promise.race([listening, ended])
    return (this.#url = `http://127.0.0.1:${port}`)
  }

  /** Of the process that was awaited to be ready. */
  get url(): string {
    return this.#url
  }

  visitor(cookie: string | null = null): Visitor {
    return new Visitor(this.#url, cookie)
  }

  /** No goodbye of any kind. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.exited
  }

  async stop(): Promise<number | NodeJS.Signals> {
    this.#child.kill('SIGTERM')
    return this.exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isRunning) await this.kill()
  }
}
