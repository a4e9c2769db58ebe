import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Router, type RequestHandler } from 'express'
import { createApp, type App } from '../../src/backend/app.js'
import { loadConfig, type Config } from '../../src/backend/config/config.js'
import type { Route } from '../../src/backend/http/route.js'
import { createLog } from '../../src/backend/log.js'
import { trustRoot } from '../../src/backend/prelude/trusted-root.js'
import { startSimulator, type Simulator } from '../../src/simulator/index.js'
import { checkAnswers } from './checked-answers.js'
import { cloneDatabase, type ClonedDatabase } from './template-database.js'
import { Visitor } from './visitor.js'

export type TestGatewayOptions = {
  env?: Record<string, string>
  pages?: RequestHandler
  /** One that somebody else stops. A process can only trust one. */
  simulator?: Simulator
  /** How soon at the earliest a request for a code is answered, in milliseconds; people wait a second. */
  codeAnswerMs?: number
}

/** The real app on a free port, with a database of its own and a simulator of its own. Its good answers are held against its document. */
export class TestGateway implements AsyncDisposable {
  readonly logLines: string[] = []
  #app: App | null = null
  #endCheck: () => void = () => {}
  #url = ''

  private constructor(
    readonly simulator: Simulator,
    readonly database: ClonedDatabase,
    readonly env: Record<string, string>,
    readonly dataDir: string,
    private readonly pages: RequestHandler,
    private readonly ownsSimulator: boolean,
    readonly codeAnswerMs: number,
  ) {}

  static async start(options: TestGatewayOptions = {}): Promise<TestGateway> {
    const simulator = options.simulator ?? (await startSimulator())
    trustRoot(simulator.rootKey)
    const database = await cloneDatabase()
    const dataDir = mkdtempSync(join(tmpdir(), 'whizlite-gateway-'))
    const env = {
      NODE_ENV: 'test',
      // all visitors of a test come from one address
      LINK_MAX_PER_ADDRESS: '100000',
      PORT: '0',
      DATA_DIR: dataDir,
      DATABASE_URL: database.ownerUrl,
      WHATSAPP_SESSION_SECRET: randomBytes(32).toString('hex'),
      WHATSAPP_URL: simulator.url,
      WHATSAPP_ROOT_KEY: simulator.rootKey,
      ...options.env,
    }
    const gateway = new TestGateway(
      simulator,
      database,
      env,
      dataDir,
      options.pages ?? Router(),
      options.simulator === undefined,
      options.codeAnswerMs ?? 20,
    )
    await gateway.startApp()
    return gateway
  }

  get config(): Config {
    return loadConfig(this.env)
  }

  /** The address of the running app, such as `http://127.0.0.1:40123`. */
  get url(): string {
    return this.#url
  }

  /** The very objects that answer: what is changed in one counts from the next request on. */
  get routes(): readonly Route[] {
    return this.#app?.routes ?? []
  }

  visitor(cookie: string | null = null): Visitor {
    return new Visitor(this.#url, cookie)
  }

  async startApp(): Promise<void> {
    const log = createLog({ level: 'trace', destination: { write: line => void this.logLines.push(line) } })
    this.#app = await createApp(this.config, { log, pages: this.pages, codeAnswerMs: this.codeAnswerMs })
    this.#url = `http://127.0.0.1:${await this.#app.start()}`
    this.#endCheck = checkAnswers(this.#url, this.#app.routes)
  }

  /** As the first start prints it; null: it was printed before. */
  async firstOwnerLink(isSeen = true): Promise<string | null> {
    return (await this.#app?.firstOwnerLink(this.#url, isSeen)) ?? null
  }

  async stopApp(): Promise<void> {
    const app = this.#app
    this.#app = null
    this.#endCheck()
    await app?.[Symbol.asyncDispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.stopApp()
      if (this.ownsSimulator) await this.simulator.assertClean()
    } finally {
      if (this.ownsSimulator) await this.simulator.stop()
      await this.database.drop()
      rmSync(this.dataDir, { recursive: true, force: true })
    }
  }
}
