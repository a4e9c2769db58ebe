import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startSimulator, type Phone, type Simulator } from '../../src/simulator/index.js'
import { GatewayProcess } from './gateway-process.js'
import { Rows } from './rows.js'
import { cloneDatabase, type ClonedDatabase } from './template-database.js'

/** Gateways as processes of their own, one after the other or side by side, on one database, with one simulator. */
export class ProcessRig implements AsyncDisposable {
  readonly rows: Rows
  readonly #dataDir = mkdtempSync(join(tmpdir(), 'whizlite-processes-'))
  readonly #env: Record<string, string>
  readonly #started: GatewayProcess[] = []
  #number = 254_740_000_000

  private constructor(
    readonly simulator: Simulator,
    readonly database: ClonedDatabase,
    env: Record<string, string>,
  ) {
    this.rows = new Rows(database.ownerUrl)
    this.#env = {
      NODE_ENV: 'test',
      PORT: '0',
      DATA_DIR: this.#dataDir,
      DATABASE_URL: database.ownerUrl,
      WHATSAPP_SESSION_SECRET: randomBytes(32).toString('hex'),
      WHATSAPP_URL: simulator.url,
      WHATSAPP_ROOT_KEY: simulator.rootKey,
      ...env,
    }
  }

  /** @param env of every gateway */
  static async open(env: Record<string, string> = {}): Promise<ProcessRig> {
    const [simulator, database] = await Promise.all([startSimulator(), cloneDatabase()])
    return new ProcessRig(simulator, database, env)
  }

  /**
   * One more, once its door is open.
   * @param env of this one alone
   */
  async start(env: Record<string, string> = {}): Promise<GatewayProcess> {
    const gateway = new GatewayProcess({ ...this.#env, ...env })
    this.#started.push(gateway)
    await gateway.ready()
    return gateway
  }

  /** One that runs. */
  get running(): GatewayProcess | undefined {
    return this.#started.find(({ isRunning }) => isRunning)
  }

  /** Kills all that run, and starts one. Leases of the dead are put into the past, as the eight seconds they had left would. */
  async killAndRestart(): Promise<GatewayProcess> {
    await this.kill()
    await this.rows.query(`update nodes set lease_until = clock_timestamp() - interval '1 minute'`)
    return this.start()
  }

  /** Ends all that run without a goodbye; between tests. */
  async kill(): Promise<void> {
    for (const gateway of this.#started.splice(0)) await gateway[Symbol.asyncDispose]()
  }

  /** With a number of its own. */
  phone(): Promise<Phone> {
    return this.simulator.phone(String(++this.#number))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.kill()
      await this.simulator.assertClean()
    } finally {
      await this.rows[Symbol.asyncDispose]()
      await this.simulator.stop()
      await this.database.drop()
      rmSync(this.#dataDir, { recursive: true, force: true })
    }
  }
}
