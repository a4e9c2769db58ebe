import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Mailbox } from './mailbox.js'

const command = fileURLToPath(new URL('../../whizlite.js', import.meta.url))
const build = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

export type CliProcessOptions = { env?: Record<string, string>; piped?: string }

/** The built command as its own process, without a terminal: its lines, its complaints, its exit code. */
export class CliProcess implements AsyncDisposable {
  readonly lines = new Mailbox<string>('line')
  /** Resolves when it has ended and everything it wrote has been read. */
  readonly exited: Promise<number | NodeJS.Signals>
  readonly #child: ChildProcess
  #errors = ''

  constructor(words: readonly string[], { env = {}, piped }: CliProcessOptions = {}) {
    if (!existsSync(build)) throw new Error('The build is missing: run npm run build first.')
    this.#child = spawn(process.execPath, [command, ...words], {
      env: { PATH: process.env['PATH'] ?? '', ...env },
      // away from a developer's own .env
      cwd: tmpdir(),
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.exited = new Promise(resolve => this.#child.once('close', (code, signal) => resolve(signal ?? code ?? -1)))
    this.#child.stdin?.end(piped ?? '')
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.#errors += chunk.toString('utf8')))
    if (this.#child.stdout !== null)
      createInterface({ input: this.#child.stdout }).on('line', line => this.lines.put(line))
  }

  get output(): string {
    return this.lines.all().join('\n')
  }

  get errors(): string {
    return this.#errors
  }

  line(pattern: RegExp): Promise<string> {
    return this.lines.waitFor(line => pattern.test(line), 20_000, String(pattern))
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.exited
  }
}
