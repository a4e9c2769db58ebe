import { openDatabase, type Database } from '../../src/backend/database/database.js'
import { prepareAppRole } from '../../src/backend/database/roles.js'
import { createTenants, type Tenants } from '../../src/backend/database/tenant-transaction.js'
import { createEventLog, type LoggedEvent } from '../../src/backend/events/event-log.js'
import { createVault } from '../../src/backend/vault/vault.js'
import { SessionId, WorkspaceId } from '../../src/contract/ids.js'
import type { TestGateway } from './test-gateway.js'

/** Appends events to a gateway's log, as its nodes do: nobody can tell which process it was. */
export class EventTeller implements AsyncDisposable {
  readonly #tenants: Tenants
  readonly #log

  private constructor(
    private readonly database: Database,
    secret: Buffer,
    readonly workspaceId: WorkspaceId,
  ) {
    this.#tenants = createTenants(database)
    this.#log = createEventLog({ vault: createVault({ secret }) })
  }

  static async open(gateway: TestGateway, workspaceId: string): Promise<EventTeller> {
    const { sessionSecret: secret } = gateway.config
    const url = await prepareAppRole({ ownerUrl: gateway.database.ownerUrl, secret })
    return new EventTeller(openDatabase({ url }), secret, WorkspaceId.parse(workspaceId))
  }

  /** One event for each reason, in one transaction. @returns the `seq` of the last one */
  async lost(sessionId: string, ...reasons: readonly [string, ...string[]]): Promise<number> {
    const eventOf = (reason: string): LoggedEvent => ({
      event: 'connection_lost',
      data: { sessionId: SessionId.parse(sessionId), status: 'disconnected', reason },
    })
    const [first, ...others] = reasons
    const { workspaceId } = this
    const last = await this.#tenants.transact({ workspaceId }, tx =>
      this.#log.append(tx, eventOf(first), ...others.map(eventOf)),
    )
    return Number(last)
  }

  /** Wakes who has subscribed to this name, on all nodes. */
  wake(name: string): Promise<void> {
    const { workspaceId } = this
    return this.#tenants.transact({ workspaceId }, tx => this.#log.wake(tx, name))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.database.close()
  }
}
