import { randomBytes } from 'node:crypto'
import {
  createTenants,
  type TenantReader,
  type Tenants,
  type TenantTransactor,
} from '../../src/backend/database/tenant-transaction.js'
import { createEventLog, type EventLog } from '../../src/backend/events/event-log.js'
import { operatorWorkspace } from '../../src/backend/tenancy/operator-workspace.js'
import { createVault, type Vault } from '../../src/backend/vault/vault.js'
import type { SessionId, WorkspaceId } from '../../src/contract/ids.js'
import { Rows } from './rows.js'
import { sessionRow, type SessionRow } from './session-row.js'
import { openTestDatabase, type TestDatabase } from './template-database.js'

/** A database of its own with the operator's workspace, for what is stored there. */
export class TenantRig implements AsyncDisposable {
  readonly vault: Vault = createVault({ secret: randomBytes(32) })
  readonly events: EventLog = createEventLog({ vault: this.vault })

  private constructor(
    readonly clone: TestDatabase,
    readonly rows: Rows,
    readonly tenants: Tenants,
    readonly workspaceId: WorkspaceId,
  ) {}

  static async open(): Promise<TenantRig> {
    const clone = await openTestDatabase()
    const tenants = createTenants(clone.database)
    return new TenantRig(clone, new Rows(clone.ownerUrl), tenants, await operatorWorkspace(clone.database, tenants))
  }

  /** As {@link sessionRow}, in the operator's workspace. */
  session(row?: SessionRow): Promise<SessionId> {
    return sessionRow(this.rows, this.workspaceId, row)
  }

  /** In the operator's workspace. */
  read<Result>(work: (tx: TenantReader) => Promise<Result>): Promise<Result> {
    return this.tenants.read(this, work)
  }

  /** In the operator's workspace. */
  transact<Result>(work: (tx: TenantTransactor) => Promise<Result>): Promise<Result> {
    return this.tenants.transact(this, work)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rows[Symbol.asyncDispose]()
    await this.clone[Symbol.asyncDispose]()
  }
}
