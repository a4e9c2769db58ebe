import { sql } from 'kysely'
import { WorkspaceId } from '../../contract/ids.js'
import { type Database, DEFAULT_DEADLINE_MS } from './database.js'
import { DatabaseUnavailableError } from './database-errors.js'
import type { BoundStatement } from './prepared-statement.js'
import type { LoginSchema, TenantSchema } from './schema.js'
import type { CommitHook, TransactionStart } from './transaction.js'
import type { ReadQueries, WriteQueries } from './transaction-queries.js'

/**
 * Whose rows a transaction sees. With a user: those of a member, which are the sessions that are theirs or shown to the workspace, with all
 * that hangs on them, and their own login. Without one it acts for the workspace itself, as the engine and the jobs do.
 */
export type TenantScope = { readonly workspaceId: WorkspaceId; readonly userId?: string; readonly by?: ActedBy }

/** How whoever acts came in, for the audit log and ours; it changes nothing of what they see. */
export type ActedBy = {
  readonly kind: 'user' | 'key' | 'service' | 'operator' | 'visitor'
  /** Of an API key. */
  readonly keyId?: string
  /** Network address that the request came from. */
  readonly address?: string
  /** Of the request, for the log. */
  readonly requestId?: string
}

/** What a reader may do: one consistent view of one tenant's rows. */
export type TenantReader = { readonly scope: TenantScope; readonly db: ReadQueries<TenantSchema> }

/** What a writer may do. Effects outside the database wait for the commit in `onCommit`. */
export type TenantTransactor = {
  readonly scope: TenantScope
  readonly db: WriteQueries<TenantSchema>
  onCommit: (hook: CommitHook) => void
}

/** What a login may do to its own rows, outside of any workspace. */
export type LoginTransactor = { readonly db: WriteQueries<LoginSchema>; onCommit: (hook: CommitHook) => void }

export type TransactionOptions = {
  deadlineMs?: number
  /** For what may be forgotten when the database server itself crashes within the second: the commit does not wait for the disk. */
  hasty?: boolean
}

type BoundOf<Rows extends readonly unknown[]> = { [Index in keyof Rows]: BoundStatement<Rows[Index]> }
type RowsOf<Rows extends readonly unknown[]> = { [Index in keyof Rows]: Rows[Index][] }

/** The only way to a tenant's tables. */
export type Tenants = {
  /** A read-only transaction on one snapshot. */
  read<T>(scope: TenantScope, work: (tx: TenantReader) => Promise<T>, options?: TransactionOptions): Promise<T>
  /**
   * Reads with statements that need nothing of each other, in one transaction and one message: for what is asked all the time. Each looks
   * at a moment of its own.
   * @returns the rows of each
   */
  readAtOnce<Rows extends readonly unknown[]>(scope: TenantScope, ...statements: BoundOf<Rows>): Promise<RowsOf<Rows>>
  /** The same for statements that write: all of them are done, or none. */
  writeAtOnce<Rows extends readonly unknown[]>(scope: TenantScope, ...statements: BoundOf<Rows>): Promise<RowsOf<Rows>>
  /** A transaction; `work` may run several times, see `runTransaction`. */
  transact<T>(scope: TenantScope, work: (tx: TenantTransactor) => Promise<T>, options?: TransactionOptions): Promise<T>
  /** A transaction on the rows of one login and no workspace's; `work` may run several times. @param loginId of a login there is, or is made */
  asLogin<T>(loginId: string, work: (tx: LoginTransactor) => Promise<T>, options?: TransactionOptions): Promise<T>
  /** All tenants, as ids and nothing else: for jobs that then work as each of them. */
  allIds(): Promise<WorkspaceId[]>
}

/**
 * @param onLost told of every transaction that failed because the database was lost or refuses to talk; one that is slow, or waits for a
 * connection in vain, says nothing about anybody else's, and the node's lease finds out sooner where it does
 */
export function createTenants(given: Database, onLost: () => void = () => {}): Tenants {
  const failed = (error: unknown): never => {
    if (error instanceof DatabaseUnavailableError && error.isLost) onLost()
    throw error
  }
  const database: Pick<Database, 'transaction' | 'atOnce' | 'system'> = {
    system: given.system,
    transaction: (...asked) => given.transaction(...asked).catch(failed),
    atOnce: (...asked) => given.atOnce(...asked).catch(failed),
  }
  return {
    read<T>(scope: TenantScope, work: (tx: TenantReader) => Promise<T>, options: TransactionOptions = {}) {
      return database.transaction<TenantSchema, T>(start(scope, true, options), ({ db }) => work({ scope, db }))
    },
    async readAtOnce<Rows extends readonly unknown[]>(scope: TenantScope, ...statements: BoundOf<Rows>) {
      return (await database.atOnce(start(scope, true, {}), statements)) as RowsOf<Rows>
    },
    async writeAtOnce<Rows extends readonly unknown[]>(scope: TenantScope, ...statements: BoundOf<Rows>) {
      return (await database.atOnce(start(scope, false, {}), statements)) as RowsOf<Rows>
    },
    transact<T>(scope: TenantScope, work: (tx: TenantTransactor) => Promise<T>, options: TransactionOptions = {}) {
      return database.transaction<TenantSchema, T>(start(scope, false, options), ({ db, onCommit }) =>
        work({ scope, db, onCommit }),
      )
    },
    asLogin<T>(loginId: string, work: (tx: LoginTransactor) => Promise<T>, options: TransactionOptions = {}) {
      const { deadlineMs = DEFAULT_DEADLINE_MS, hasty = false } = options
      const asked = { readOnly: false, workspaceId: '', userId: checkedUuid(loginId), deadlineMs, hasty }
      return database.transaction<LoginSchema, T>(asked, work)
    },
    allIds: () =>
      database.system(async ({ db }) => {
        const { rows } = await sql<{ id: string }>`select all_workspace_ids() as id`.execute(db)
        return rows.map(({ id }) => WorkspaceId.parse(id))
      }),
  }
}

function start(
  scope: TenantScope,
  readOnly: boolean,
  { deadlineMs = DEFAULT_DEADLINE_MS, hasty = false }: TransactionOptions,
): TransactionStart {
  return {
    readOnly,
    workspaceId: checkedUuid(scope.workspaceId),
    userId: scope.userId === undefined ? '' : checkedUuid(scope.userId),
    deadlineMs,
    hasty,
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

function checkedUuid(id: string): string {
  if (UUID.test(id)) return id
  throw new TypeError('A tenant scope holds UUIDs.')
}
