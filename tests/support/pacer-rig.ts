import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { SessionId } from '../../src/contract/ids.js'
import { openDatabase, type Database } from '../../src/backend/database/database.js'
import { createLog } from '../../src/backend/log.js'
import { createConnectBreakers } from '../../src/backend/sessions/connect-breakers.js'
import { createConnectBudget } from '../../src/backend/sessions/connect-budget.js'
import {
  createConnectPacer,
  type ConnectPacer,
  type ConnectPacerDeps,
} from '../../src/backend/sessions/connect-pacer.js'
import { makeConnectPacer } from '../../src/backend/sessions/make-connect-pacer.js'
import { createOperatorAlarm, type OperatorAlarm } from '../../src/backend/sessions/operator-alarm.js'
import { TokenBucket } from '../../src/backend/sessions/token-bucket.js'
import { UnderWay } from '../../src/backend/sessions/under-way.js'
import { Rows } from './rows.js'
import { cloneDatabase, type ClonedDatabase } from './template-database.js'

export type PacingNode = { pacer: ConnectPacer; alarm: OperatorAlarm; log: string[] }

const never = new AbortController().signal

export const someSession = () => SessionId.parse(randomUUID())

export const turn = (pacer: ConnectPacer, signal = never, id = someSession()) =>
  pacer.turn({ sessionId: id, priority: 'rest' }, signal).then(() => id)

/** Pacers of several nodes on one database of the test file; after each test they are closed and their tables are empty. */
export class PacerRig {
  #clone?: ClonedDatabase
  #database?: Database
  #rows?: Rows
  readonly #open: ConnectPacer[] = []

  constructor() {
    beforeAll(async () => {
      this.#clone = await cloneDatabase()
      this.#rows = new Rows(this.#clone.ownerUrl)
      this.#database = openDatabase({ url: this.#clone.ownerUrl })
    })
    afterEach(async () => {
      for (const pacer of this.#open.splice(0)) await pacer[Symbol.asyncDispose]()
      await this.rows.query('delete from connect_budget')
      await this.rows.query('delete from connect_breakers')
    })
    afterAll(async () => {
      await this.#database?.close()
      await this.#rows?.[Symbol.asyncDispose]()
      await this.#clone?.drop()
    })
  }

  get database(): Database {
    if (this.#database === undefined) throw new Error('the rig is ready inside tests only')
    return this.#database
  }

  get rows(): Rows {
    if (this.#rows === undefined) throw new Error('the rig is ready inside tests only')
    return this.#rows
  }

  node({
    perSecond = 1_000,
    burst = 1_000,
    total = 1_000,
    egress = 'here',
    version = 1,
    mostUnderWay = Infinity,
  } = {}): PacingNode {
    const lines: string[] = []
    const log = createLog({ level: 'info', destination: { write: line => void lines.push(line) } })
    const alarm = createOperatorAlarm({ log })
    const pacer = makeConnectPacer({
      database: this.database,
      settings: { perSecond, burst, perSecondTotal: total, egress },
      version: [2, 3000, version],
      alarm,
      log,
      mostUnderWay,
      longestLookMs: 200,
    })
    this.#open.push(pacer)
    return { pacer, alarm, log: lines }
  }

  /** A pacer of which a part is looked into. */
  built(parts: (own: ConnectPacerDeps) => Partial<ConnectPacerDeps>): ConnectPacer {
    const log = createLog({ level: 'silent' })
    const scopes = { egress: 'here', version: '1' }
    const deps = {
      bucket: new TokenBucket(1_000, 1_000),
      budget: createConnectBudget(this.database, scopes, 10),
      breakers: createConnectBreakers(this.database, scopes),
      underWay: new UnderWay(Infinity),
      alarm: createOperatorAlarm({ log }),
      log,
      batch: 10,
    }
    const pacer = createConnectPacer({ ...deps, ...parts(deps) })
    this.#open.push(pacer)
    return pacer
  }
}
