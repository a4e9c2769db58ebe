import type { QueryResultRow } from 'pg'
import { runAtOnce } from './at-once.js'
import { createPool, type PoolOptions } from './pool.js'
import { createSharedMessages, type RunAtOnce } from './shared-messages.js'
import type { SystemSchema } from './schema.js'
import { askOnce, type CommitHook, type OpenTransaction, runTransaction, type TransactionStart } from './transaction.js'
import type { WriteQueries } from './transaction-queries.js'

export type DatabaseOptions = PoolOptions & {
  /** Told of an `onCommit` hook that failed. */
  onHookError?: (error: unknown) => void
}

/** What the callback of `system` may do: reach the tables that belong to no tenant. */
export type SystemTransaction = { readonly db: WriteQueries<SystemSchema>; onCommit: (hook: CommitHook) => void }

export type Database = AsyncDisposable & {
  /** One transaction on the tables without tenant; row level security hides all others from it. Retried like a tenant's. */
  system<T>(work: (transaction: SystemTransaction) => Promise<T>, options?: { deadlineMs?: number }): Promise<T>
  /**
   * One statement on the tables without tenant, in a transaction of its own and in one message: for what a node asks again and again.
   * Nothing is set for it, so it names the schema. It is not repeated, and after the deadline the server may still do it unheard.
   * @throws DatabaseUnavailableError, DatabaseRefusedError, TransactionTimeoutError
   */
  ask<Row extends QueryResultRow>(text: string, values: readonly unknown[]): Promise<Row[]>
  /** For `createTenants` alone, which decides whose rows the transaction sees. */
  transaction<Schema, T>(start: TransactionStart, work: (open: OpenTransaction<Schema>) => Promise<T>): Promise<T>
  /** The same for statements that need nothing of each other. @returns the rows of each */
  atOnce: RunAtOnce
  /** Connections that are open, those of them that nobody uses, and callers that wait for one. */
  use(): PoolUse
  /** Waits for open transactions and closes all connections. Twice is harmless. */
  close(): Promise<void>
}

export type PoolUse = { open: number; idle: number; waiting: number }

/** Default for all attempts of one transaction together, in milliseconds. */
export const DEFAULT_DEADLINE_MS = 10_000

/** Of one question; the next one is soon to come. */
const QUESTION_DEADLINE_MS = 5_000

/** Opens nothing yet: the first transaction connects. */
export function openDatabase({ onHookError = () => {}, ...options }: DatabaseOptions): Database {
  const pool = createPool(options)
  const deps = { pool, onHookError }
  let closing: Promise<void> | null = null
  const close = (): Promise<void> => (closing ??= pool.end())
  return {
    system<T>(work: (transaction: SystemTransaction) => Promise<T>, { deadlineMs = DEFAULT_DEADLINE_MS } = {}) {
      return runTransaction<SystemSchema, T>(deps, { ...NO_TENANT, deadlineMs }, work)
    },
    ask: (text, values) => askOnce(pool, { text, values, deadlineMs: QUESTION_DEADLINE_MS }),
    transaction: (start, work) => runTransaction(deps, start, work),
    atOnce: createSharedMessages((start, statements) => runAtOnce(pool, start, statements)),
    use: () => ({ open: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    close,
    [Symbol.asyncDispose]: close,
  }
}

const NO_TENANT = { readOnly: false, workspaceId: '', userId: '' }
