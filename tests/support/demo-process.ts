import { spawn, type ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** As long as a first start takes that has to build everything. */
const READY_LIMIT_MS = 240_000

/** The demo as a newcomer starts it, with data of its own. */
export class DemoProcess implements AsyncDisposable {
  readonly exited: Promise<number | string>
  readonly #child: ChildProcess
  #output = ''
  #told: (() => void) | undefined

  constructor(
    readonly dataDir: string,
    env: Record<string, string> = {},
  ) {
    this.#child = spawn(process.execPath, ['start.js', 'demo'], {
      cwd: root,
      env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', PORT: '0', ...env, DATA_DIR: dataDir },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.exited = new Promise(resolve => this.#child.once('close', (code, signal) => resolve(signal ?? code ?? -1)))
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString('utf8')
        this.#told?.()
      })
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Everything it printed so far, both streams. */
  get output(): string {
    return this.#output
  }

  /** @returns the address it tells people to open; rejects with its output when it ends before */
  async ready(): Promise<string> {
    const told = new Promise<string>(resolve => {
      this.#told = () => {
        const url = /^ +(http:\/\/\S+)$/m.exec(this.#output)?.[1]
        if (url !== undefined) resolve(url)
      }
      this.#told()
    })
    const ended = this.exited.then(how => Promise.reject(new Error(`the demo ended with ${how}:\n${this.#output}`)))
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`the demo was not ready in time:\n${this.#output}`)), READY_LIMIT_MS)
    })
    try {
      return await Promise.race([told, ended, late])
    } finally {
      clearTimeout(timer)
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** Numbers of the living processes that know this demo's data folder: its own, its children's, the database's. */
  processes(): number[] {
    return readdirSync('/proc').flatMap(name => {
      const pid = Number(name)
      return Number.isInteger(pid) && pid !== process.pid && mentions(pid, this.dataDir) ? [pid] : []
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal('SIGTERM')
    await this.exited
  }
}

function mentions(pid: number, folder: string): boolean {
  return ['cmdline', 'environ'].some(file => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'utf8').includes(folder)
    } catch {
      return false
    }
  })
}
