import { DatabaseError } from 'pg'
import { GatewayError } from '../errors.js'
import { errno } from './errno.js'

/** PostgreSQL cannot be reached, refuses connections or went away in the middle. Carries no address, user or password. */
export class DatabaseUnavailableError extends GatewayError {
  readonly retryable = true

  /**
   * @param reason SQLSTATE or errno, for the log
   * @param certain false when the connection broke while a commit was under way, so that it may have happened
   */
  constructor(
    readonly reason: string,
    readonly certain = true,
  ) {
    super({
      code: 'database_unavailable',
      status: 503,
      message: `The database is not available (${reason}).`,
      action: 'Try again in a moment.',
      retryAfterSeconds: 2,
    })
  }
}

/** PostgreSQL refused a statement. Names what refused it, never the values. */
export class DatabaseRefusedError extends Error {
  override name = 'DatabaseRefusedError'
  readonly code = 'database_refused'
  readonly retryable: boolean

  constructor(
    readonly sqlState: string,
    readonly table: string | undefined,
    readonly constraint: string | undefined,
    text: string,
  ) {
    super(`The database refused a statement (${[sqlState, table, constraint].filter(Boolean).join(', ')}${text}).`)
    this.retryable = isConflict(sqlState)
  }
}

/** Serialization failure and deadlock: the same transaction may well succeed when it is run again. */
export const isConflict = (state: string): boolean => state === '40001' || state === '40P01'

const ERRNO = /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_|ENOENT|EADDRNOTAVAIL)/
/**
 * Connection exceptions; no disk, memory or connections left, and trouble with the disk; shutdown, crash, starting up, dropped database;
 * a statement or a transaction that took longer than it was given, as after this process stood still.
 */
const UNAVAILABLE_STATE = /^(08...|53...|58030|57P0[1-5]|57014|25P0[34])$/
/** What pg and its pool say without a code. */
const LOST_CONNECTION =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client has encountered a connection error)/

/** Translates what pg throws; errors that are not the database's own come back unchanged. */
export function asDatabaseError(error: unknown): unknown {
  const state = sqlStateOf(error)
  if (state !== null) {
    if (UNAVAILABLE_STATE.test(state)) return new DatabaseUnavailableError(state)
    const { table, constraint } = error instanceof DatabaseError ? error : {}
    return new DatabaseRefusedError(state, table, constraint, textOfSchemaError(error))
  }
  if (!(error instanceof Error)) return error
  const code = errno(error)
  if (ERRNO.test(code)) return new DatabaseUnavailableError(code)
  return LOST_CONNECTION.test(error.message) ? new DatabaseUnavailableError('connection_lost') : error
}

/** The SQLSTATE of a server error, else null. */
export function sqlStateOf(error: unknown): string | null {
  return error instanceof DatabaseError ? (error.code ?? 'XX000') : null
}

/** The server's words for mistakes in the statement itself (class 42): they name columns and types, while others quote data. */
export function textOfSchemaError(error: unknown): string {
  return error instanceof DatabaseError && error.code?.startsWith('42') ? `: ${error.message}` : ''
}
