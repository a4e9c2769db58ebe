import { readdirSync } from 'node:fs'
import { GatewayProcess } from '../support/gateway-process.js'
import { TcpProxy } from '../support/tcp-proxy.js'

export type Line = 'database' | 'whatsapp'

export type ClusterNodeDeps = {
  name: string
  databaseUrl: string
  whatsappUrl: string
  /** Settings of every node. */
  env: Readonly<Record<string, string>>
  /** Told of each connection that it opens to WhatsApp, under the name of the process. */
  onConnect: (process: string) => void
}

/**
 * A place in a cluster where one gateway process runs after the other, with its own line to the database and to WhatsApp. Each process has
 * a name of its own, `node-1.2` for the second of the first place, under which the database and WhatsApp come to know it.
 */
export class ClusterNode implements AsyncDisposable {
  #process: GatewayProcess | null = null
  #frozen = false
  #starts = 0
  #url = ''
  readonly #outputs: string[] = []

  private constructor(
    private readonly deps: ClusterNodeDeps,
    private readonly lines: Record<Line, TcpProxy>,
  ) {}

  static async open(deps: ClusterNodeDeps): Promise<ClusterNode> {
    const lines = {
      database: await TcpProxy.open(deps.databaseUrl),
      whatsapp: await TcpProxy.open(deps.whatsappUrl, () => deps.onConnect(node.processName)),
    }
    const node: ClusterNode = new ClusterNode(deps, lines)
    return node
  }

  get name(): string {
    return this.deps.name
  }

  get processName(): string {
    return `${this.deps.name}.${this.#starts}`
  }

  /** The base URL of the process that runs, or ran last. */
  get url(): string {
    return this.#url
  }

  get isRunning(): boolean {
    return this.#process?.isRunning === true
  }

  /** Of the process that runs, or ran last. */
  get pid(): number {
    return this.#process?.pid ?? 0
  }

  get isFrozen(): boolean {
    return this.#frozen
  }

  /** Connections to WhatsApp that are open. */
  get sockets(): number {
    return this.lines.whatsapp.connections
  }

  /** What all its processes have printed. */
  get output(): string {
    return [...this.#outputs, this.#process?.output ?? ''].join('\n')
  }

  /** How often they have said that more listeners hang on one thing than anybody means to have there. */
  get listenerWarnings(): number {
    return this.output.split('MaxListenersExceededWarning').length - 1
  }

  /** Starts a process and waits until its door is open. `env`: what is other for this process. */
  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    if (this.isRunning) throw new Error(`${this.processName} still runs`)
    this.#outputs.push(this.#process?.output ?? '')
    this.#starts += 1
    this.#frozen = false
    const { lines, deps, processName } = this
    this.#process = new GatewayProcess({
      ...deps.env,
      DATABASE_URL: named(lines.database.through(deps.databaseUrl), processName),
      WHATSAPP_URL: via(lines.whatsapp.through(deps.whatsappUrl), processName),
      ...env,
    })
    this.#url = await this.#process.ready()
  }

  /** No goodbye of any kind, frozen or not. */
  async kill(): Promise<void> {
    await this.#process?.kill()
    this.#frozen = false
  }

  /** The polite end. @returns the exit code */
  async stop(): Promise<number | NodeJS.Signals> {
    this.thaw()
    return (await this.#process?.stop()) ?? 0
  }

  freeze(): void {
    this.#process?.signal('SIGSTOP')
    this.#frozen = true
  }

  thaw(): void {
    if (this.#frozen) this.#process?.signal('SIGCONT')
    this.#frozen = false
  }

  /** Sets the clock of a process that was started with `steppedClock`. */
  stepClock(): void {
    this.#process?.signal('SIGUSR2')
  }

  /** `refused`: connections end and none is taken. `silent`: nothing passes any more, and nobody is told. */
  cut(line: Line, how: 'refused' | 'silent'): void {
    if (how === 'refused') this.lines[line].cut()
    else this.lines[line].stall()
  }

  async mend(line: Line): Promise<void> {
    await this.lines[line].restore()
  }

  /** Open files and sockets of the process other than those to WhatsApp; `null` where no system tells. */
  handles(): number | null {
    try {
      return readdirSync(`/proc/${this.#process?.pid}/fd`).length - this.sockets
    } catch {
      return null
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isRunning) await this.kill()
    for (const line of Object.values(this.lines)) await line[Symbol.asyncDispose]()
  }
}

/** The database knows its client by a setting of the connection, which `recorder.ts` reads. */
function named(databaseUrl: string, name: string): string {
  const url = new URL(databaseUrl)
  const options = url.searchParams.get('options') ?? ''
  url.searchParams.set('options', `${options} -c recorded.process=${name}`.trim())
  return url.href
}

/** The simulator's ledger repeats what the address says. */
function via(whatsappUrl: string, name: string): string {
  const url = new URL(whatsappUrl)
  url.searchParams.set('via', name)
  return url.href
}
