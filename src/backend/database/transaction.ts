import { setTimeout as delay } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import type { Pool, PoolClient, QueryResultRow } from 'pg'
import { asDatabaseError, DatabaseRefusedError, DatabaseUnavailableError } from './database-errors.js'
import { SCHEMA } from './schema.js'
import { TransactionAbortedError, TransactionTimeoutError } from './transaction-errors.js'
import { transactionQueries } from './transaction-queries.js'

export type TransactionStart = {
  readOnly: boolean
  /** UUIDs; '' = none. */
  workspaceId: string
  userId: string
  /** For all attempts together, in milliseconds. */
  deadlineMs: number
  /** The commit does not wait for the disk. Lost only together with the server's memory, and never while a later durable commit stands. */
  hasty?: boolean
}

/** What happens after the commit: waking somebody up, telling the live feed. May run in any later process state, so it must not matter if it is lost. */
export type CommitHook = () => void | Promise<void>

export type OpenTransaction<Schema> = { db: Kysely<Schema>; onCommit: (hook: CommitHook) => void }

export type TransactionDeps = {
  pool: Pool
  /** Told of a hook that failed; the transaction has been committed by then. */
  onHookError: (error: unknown) => void
}

const FIRST_PAUSE_MS = 5
const LONGEST_PAUSE_MS = 200
/** What a writer hears from a primary that has become a standby. */
export const READ_ONLY_DATABASE = '25006'

/**
 * Runs `work` in one transaction; serialization failures and deadlocks are retried until the deadline, so `work` may run several times
 * and must keep its effects in the database or in `onCommit`.
 *
 * @throws DatabaseUnavailableError, DatabaseRefusedError, TransactionTimeoutError, TransactionAbortedError, and whatever `work` throws
 */
export async function runTransaction<Schema, T>(
  deps: TransactionDeps,
  start: TransactionStart,
  work: (transaction: OpenTransaction<Schema>) => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + start.deadlineMs
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      const { value, hooks } = await attempt(deps.pool, start, deadline, work)
      await runHooks(hooks, deps.onHookError)
      return value
    } catch (error) {
      if (!(error instanceof DatabaseRefusedError && error.retryable)) throw error
      const wait = pause * (0.5 + Math.random())
      if (performance.now() + wait >= deadline) throw error
      await delay(wait)
    }
  }
}

/** One statement in one message, in a transaction of its own; see `Database.ask`. */
export async function askOnce<Row extends QueryResultRow>(
  pool: Pool,
  { text, values, deadlineMs }: { text: string; values: readonly unknown[]; deadlineMs: number },
): Promise<Row[]> {
  const client = await connect(pool, performance.now() + deadlineMs, deadlineMs)
  const lease = leaseOf(client, deadlineMs, deadlineMs)
  try {
    const { rows } = await lease.within(client.query<Row>(text, [...values]))
    lease.giveBack()
    return rows
  } catch (error) {
    await lease.rollBack()
    throw asDatabaseError(error)
  }
}

type Attempt<T> = { value: T; hooks: CommitHook[] }

async function attempt<Schema, T>(
  pool: Pool,
  start: TransactionStart,
  deadline: number,
  work: (transaction: OpenTransaction<Schema>) => Promise<T>,
): Promise<Attempt<T>> {
  const client = await connect(pool, deadline, start.deadlineMs)
  const remaining = Math.max(1, Math.ceil(deadline - performance.now()))
  const lease = leaseOf(client, remaining, start.deadlineMs)
  try {
    await lease.within(client.query(beginStatement(start, remaining)))
    const { db, end } = transactionQueries<Schema>(client)
    const hooks: CommitHook[] = []
    const value = await lease.within(work({ db, onCommit: hook => hooks.push(hook) })).finally(end)
    await commit(client, lease)
    lease.giveBack()
    return { value, hooks }
  } catch (error) {
    await lease.rollBack()
    const translated = asDatabaseError(error)
    if (start.readOnly || !isRefusal(translated, READ_ONLY_DATABASE)) throw translated
    throw new DatabaseUnavailableError(READ_ONLY_DATABASE)
  }
}

const isRefusal = (error: unknown, state: string): boolean =>
  error instanceof DatabaseRefusedError && error.sqlState === state

/** The pool's own patience knows nothing of this transaction's. */
async function connect(pool: Pool, deadline: number, deadlineMs: number): Promise<PoolClient> {
  const connecting = pool.connect()
  let timer: NodeJS.Timeout | undefined
  const overdue = new Promise<never>((_, reject) => {
    const remaining = Math.max(1, Math.ceil(deadline - performance.now()))
    timer = setTimeout(() => reject(new TransactionTimeoutError(deadlineMs)), remaining)
  })
  try {
    return await Promise.race([connecting, overdue])
  } catch (error) {
    // one that comes late is nobody's
    void connecting.then(
      client => client.release(),
      () => {},
    )
    throw asDatabaseError(error)
  } finally {
    clearTimeout(timer)
  }
}

/**
 * One message to the server for all of it, and two statements of one column: every session's every transaction begins so. The ids were
 * checked to be UUIDs, so they hold nothing that could end a literal.
 */
function beginStatement({ readOnly, workspaceId, userId, hasty }: TransactionStart, remaining: number): string {
  const settings = {
    search_path: `${SCHEMA}, pg_temp`,
    statement_timeout: remaining,
    idle_in_transaction_session_timeout: remaining,
    ...(hasty === true && { synchronous_commit: 'off' }),
    'app.workspace': workspaceId,
    'app.user': userId,
  }
  const set = Object.entries(settings).map(([name, value]) => `set_config('${name}', '${value}', true)`)
  return `begin${readOnly ? ' isolation level repeatable read, read only' : ''};select ${set.join('||')}`
}

async function commit(client: PoolClient, lease: Lease): Promise<void> {
  try {
    const { command } = await lease.within(client.query('commit'))
    if (command !== 'COMMIT') throw new TransactionAbortedError()
  } catch (error) {
    const translated = asDatabaseError(error)
    if (translated instanceof DatabaseUnavailableError) throw new DatabaseUnavailableError(translated.reason, false)
    if (translated instanceof TransactionTimeoutError) throw new DatabaseUnavailableError('commit_timeout', false)
    throw translated
  }
}

type Lease = {
  /** Settles like the promise, or rejects at the deadline. */
  within<T>(promise: Promise<T>): Promise<T>
  giveBack(): void
  rollBack(): Promise<void>
}

/** The time a pooled connection may be used. At the deadline it is cut: nobody can say what it still waits for. */
function leaseOf(client: PoolClient, remainingMs: number, deadlineMs: number): Lease {
  let returned = false
  let broken = false
  const release = (destroy: boolean): void => {
    if (returned) return
    returned = true
    clearTimeout(timer)
    client.off('error', onError)
    if (destroy) client.on('error', () => {})
    client.release(destroy)
  }
  const onError = (): void => {
    broken = true
  }
  let timer: NodeJS.Timeout | undefined
  const overdue = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new TransactionTimeoutError(deadlineMs))
      release(true)
    }, remainingMs)
  })
  overdue.catch(() => {})
  client.on('error', onError)
  return {
    within: promise => Promise.race([promise, overdue]),
    giveBack: () => release(broken),
    async rollBack() {
      if (returned) return
      const clean =
        !broken &&
        (await Promise.race([client.query('rollback'), overdue]).then(
          () => true,
          () => false,
        ))
      release(!clean)
    },
  }
}

async function runHooks(hooks: CommitHook[], onHookError: (error: unknown) => void): Promise<void> {
  for (const hook of hooks) {
    try {
      await hook()
    } catch (error) {
      onHookError(error)
    }
  }
}
