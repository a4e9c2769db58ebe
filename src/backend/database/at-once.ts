import { setTimeout as delay } from 'node:timers/promises'
import type { Pool, PoolClient } from 'pg'
import { asDatabaseError, DatabaseRefusedError, DatabaseUnavailableError } from './database-errors.js'
import { OneMessage } from './one-message.js'
import type { BoundStatement } from './prepared-statement.js'
import { SCHEMA } from './schema.js'
import { READ_ONLY_DATABASE, type TransactionStart } from './transaction.js'
import { TransactionTimeoutError } from './transaction-errors.js'

/** Answers with no row, which nobody would read. */
const settings = `select where set_config('search_path', '${SCHEMA}, pg_temp', true) is null
  or set_config('app.workspace', $1, true) is null or set_config('app.user', $2, true) is null
  or set_config('statement_timeout', $3, true) is null or ($4 and set_config('transaction_read_only', 'on', true) is null)`

const retryMs = 5

/**
 * Runs statements in one transaction and one message each way. Serialization failures and deadlocks are repeated until the deadline.
 * @returns the rows of each statement
 * @throws DatabaseUnavailableError, DatabaseRefusedError, TransactionTimeoutError
 */
export async function runAtOnce(
  pool: Pool,
  start: TransactionStart,
  statements: readonly BoundStatement<unknown>[],
): Promise<unknown[][]> {
  const deadline = performance.now() + start.deadlineMs
  for (;;) {
    const leftMs = Math.max(1, Math.ceil(deadline - performance.now()))
    try {
      const rows = await sent(pool, { ...start, leftMs }, statements)
      return rows.slice(1)
    } catch (error) {
      const wait = retryMs * (0.5 + Math.random())
      const again = error instanceof DatabaseRefusedError && error.retryable && performance.now() + wait < deadline
      if (!again) throw error
      await delay(wait)
    }
  }
}

type Attempt = TransactionStart & { leftMs: number }

function sent(pool: Pool, attempt: Attempt, statements: readonly BoundStatement<unknown>[]): Promise<unknown[][]> {
  const { readOnly, workspaceId, userId, leftMs, deadlineMs } = attempt
  const values = [workspaceId, userId, String(leftMs), String(readOnly)]
  const all = [{ name: 'whizlite_settings', text: settings, values }, ...statements]
  return new Promise((resolve, reject) => {
    let client: PoolClient | null = null
    let isOver = false
    const end = (destroy = false): boolean => {
      if (isOver) return false
      isOver = true
      clearTimeout(timer)
      client?.release(destroy)
      return true
    }
    const timer = setTimeout(() => {
      // it may be at the commit, and nobody can say how far
      const isUncertain = client !== null && !readOnly
      if (end(true)) {
        reject(
          isUncertain ? new DatabaseUnavailableError('commit_timeout', false) : new TransactionTimeoutError(deadlineMs),
        )
      }
    }, leftMs)
    pool.connect((error, connected) => {
      // one that comes late is nobody's
      if (isOver) return connected?.release()
      if (connected === undefined) {
        end()
        return reject(asDatabaseError(error))
      }
      client = connected
      client.query(
        new OneMessage(all, {
          resolve: rows => {
            if (end()) resolve(rows)
          },
          reject: failure => {
            if (end()) reject(failureOf(failure, readOnly))
          },
        }),
      )
    })
  })
}

function failureOf(error: unknown, readOnly: boolean): unknown {
  const translated = asDatabaseError(error)
  if (readOnly) return translated
  if (translated instanceof DatabaseRefusedError && translated.sqlState === READ_ONLY_DATABASE)
    return new DatabaseUnavailableError(READ_ONLY_DATABASE)
  // the commit was under way with it
  const isUncertain = translated instanceof DatabaseUnavailableError && translated.isLost
  return isUncertain ? new DatabaseUnavailableError(translated.reason, false) : translated
}
