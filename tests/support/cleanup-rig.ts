import { randomBytes, randomUUID } from 'node:crypto'
import { SessionId, WorkspaceId } from '../../src/contract/ids.js'
import { createTenants, type Tenants } from '../../src/backend/database/tenant-transaction.js'
import { createEventLog, type EventLog } from '../../src/backend/events/event-log.js'
import { cleanupSteps } from '../../src/backend/jobs/cleanup-steps.js'
import { createWorkspaceCleanup } from '../../src/backend/jobs/workspace-cleanup.js'
import { createLog } from '../../src/backend/log.js'
import { createVault, type Vault } from '../../src/backend/vault/vault.js'
import { Rows } from './rows.js'
import { openTestDatabase, type TestDatabase } from './template-database.js'

/** A database with sessions of any age, and the job that cleans it up. */
export class CleanupRig implements AsyncDisposable {
  readonly tenants: Tenants
  readonly rows: Rows
  readonly vault: Vault
  readonly events: EventLog

  private constructor(
    readonly clone: TestDatabase,
    readonly secret: Buffer,
  ) {
    this.tenants = createTenants(clone.database)
    this.rows = new Rows(clone.ownerUrl)
    this.vault = createVault({ secret })
    this.events = createEventLog({ vault: this.vault })
  }

  static async open(): Promise<CleanupRig> {
    return new CleanupRig(await openTestDatabase(), randomBytes(32))
  }

  async workspace(): Promise<WorkspaceId> {
    const id = WorkspaceId.parse(randomUUID())
    await this.rows.query(`insert into workspaces (id, name, slug) values ($1::uuid, 'Test', 'w-' || $1::text)`, [id])
    return id
  }

  /** A session with a lease of a node that is gone; times are SQL intervals before now. */
  async session(workspaceId: WorkspaceId, state: string, ages: Partial<Ages> = {}): Promise<SessionId> {
    const [personId, sessionId] = [randomUUID(), SessionId.parse(randomUUID())]
    const number = String(254_700_000_000 + Math.floor(Math.random() * 1e8))
    const { created = '400 days', since = '100 days', connected = null, told = null } = ages
    await this.rows.query(`insert into people (workspace_id, id, phone_number) values ($1, $2, $3)`, [
      workspaceId,
      personId,
      number,
    ])
    await this.rows.query(
      `insert into sessions (workspace_id, id, person_id, mode, state, phone_number, created_at, since, connected_at, notices)
       values ($1, $2, $3, case when $4::text = 'handed_off' then 'handed_off' else 'managed' end, $4::text, $5, now() - $6::interval,
         now() - $7::interval, now() - $8::interval,
         case when $9::text is null then '{}' else jsonb_build_object('expires_soon', now() - $9::interval) end)`,
      [workspaceId, sessionId, personId, state, number, created, since, connected, told],
    )
    await this.rows.query(
      `insert into session_leases (session_id, workspace_id, node_id) values ($1, $2, gen_random_uuid())`,
      [sessionId, workspaceId],
    )
    return sessionId
  }

  async cleanUp(...workspaceIds: WorkspaceId[]): Promise<void> {
    const { tenants } = this
    const job = createWorkspaceCleanup({ tenants, steps: cleanupSteps(this), log: createLog({ level: 'silent' }) })
    const { signal } = new AbortController()
    for (const workspaceId of workspaceIds) await job.run({ workspaceId }, { signal })
  }

  /** The state of a session with its reason, or its absence. */
  async state(sessionId: string): Promise<string | null> {
    const [row] = await this.rows.query<{ said: string }>(
      `select concat_ws(' ', state, reason, case when shredded_at is not null then 'shredded' when shred_at is not null then 'quarantined' end)
       as said from sessions where id = $1`,
      [sessionId],
    )
    return row?.said ?? null
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rows[Symbol.asyncDispose]()
    await this.clone[Symbol.asyncDispose]()
  }
}

type Ages = { created: string; since: string; connected: string | null; told: string | null }
