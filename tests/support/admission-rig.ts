import { randomUUID } from 'node:crypto'
import { Rows } from './rows.js'
import { openTestDatabase, type TestDatabase } from './template-database.js'
import { SessionId } from '../../src/contract/ids.js'
import { openDatabase, type Database } from '../../src/backend/database/database.js'
import { createEventWakeups, type EventWakeups } from '../../src/backend/events/event-wakeups.js'
import { createNodeLease, type NodeLease } from '../../src/backend/leases/node-lease.js'
import { createLog } from '../../src/backend/log.js'
import { Releases } from '../../src/backend/releases.js'
import type { Admission, Place } from '../../src/backend/admission/admission.js'
import { createAdmission } from '../../src/backend/admission/create-admission.js'
import type { AdmissionSettings } from '../../src/backend/admission/limits.js'

/** Room enough that only what a test is about refuses. */
export const roomy: AdmissionSettings = { closed: false, perAddress: 30, perNode: 100, active: 500, queued: 1_000 }

export type TestNode = {
  admission: Admission
  nodeId: string
  lease: NodeLease
  wakeups: EventWakeups
  stop(): Promise<void>
}

/** Nodes on one database, whose clock a test can move: every time that is stored becomes so much older. */
export class AdmissionRig implements AsyncDisposable {
  readonly logLines: string[] = []
  readonly #nodes: Releases[] = []
  #passedMs = 0

  private constructor(
    private readonly clone: TestDatabase,
    readonly rows: Rows,
  ) {}

  static async open(): Promise<AdmissionRig> {
    const clone = await openTestDatabase()
    return new AdmissionRig(clone, new Rows(clone.ownerUrl))
  }

  get appUrl(): string {
    return this.clone.appUrl
  }

  /** @param url another way to the same database */
  async node(settings: Partial<AdmissionSettings> = {}, url = this.appUrl): Promise<TestNode> {
    const releases = new Releases()
    this.#nodes.push(releases)
    const log = createLog({ level: 'debug', destination: { write: line => void this.logLines.push(line) } })
    const database: Database = releases.use(openDatabase({ url, max: 3, connectTimeoutMs: 1_000 }))
    const wakeups = releases.use(createEventWakeups({ url: () => url, log }))
    const lease = releases.use(createNodeLease({ url: () => url, database, log }))
    const { nodeId } = lease
    const admission = releases.use(
      createAdmission({
        database,
        wakeups,
        nodeId,
        settings: { ...roomy, ...settings },
        secret: Buffer.alloc(32, 'secret of the admission tests'),
        log,
        now: () => performance.now() + this.#passedMs,
      }),
    )
    await wakeups.start()
    await lease.start()
    await admission.start()
    return { admission, nodeId, lease, wakeups, stop: () => releases[Symbol.asyncDispose]() }
  }

  /** So much time passes, for the limits alone. */
  async pass(seconds: number): Promise<void> {
    this.#passedMs += seconds * 1_000
    const back = `make_interval(secs => ${seconds})`
    await this.rows.query(`update link_starts set at = at - ${back}`)
    await this.rows.query(
      `update link_cool_downs set until = until - ${back}, told_until = told_until - ${back}, at = at - ${back}`,
    )
  }

  /** Ends every node and forgets everything. */
  async reset(): Promise<void> {
    for (const node of this.#nodes.splice(0)) await node[Symbol.asyncDispose]()
    await this.rows.query('truncate link_starts, link_cool_downs, link_places, nodes')
    this.#passedMs = 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.reset()
    await this.rows[Symbol.asyncDispose]()
    await this.clone[Symbol.asyncDispose]()
  }
}

export const newSessionId = (): SessionId => SessionId.parse(randomUUID())

/** A start by QR. */
export const byQr = (address: string) => ({ sessionId: newSessionId(), address, phoneNumber: null })

/** A start by code, each from an address of its own. */
export const byCode = (phoneNumber: string, address = newAddress()) => ({
  sessionId: newSessionId(),
  address,
  phoneNumber,
})

/** A start of the service token, for any number. */
export const byService = (phoneNumber: string | null = null) => ({
  sessionId: newSessionId(),
  address: null,
  phoneNumber,
})

let addresses = 0

export function newAddress(): string {
  addresses++
  return `10.${(addresses >> 16) & 255}.${(addresses >> 8) & 255}.${addresses & 255}`
}

/** How a start was refused: its code and how many seconds it is to wait; `null` for one that was admitted. */
export async function refusalOf(entering: Promise<Place>): Promise<{ code: string; seconds: number } | null> {
  try {
    await entering
    return null
  } catch (error) {
    const { code, retryAfterSeconds } = error as { code: string; retryAfterSeconds?: number }
    return { code, seconds: retryAfterSeconds ?? -1 }
  }
}
