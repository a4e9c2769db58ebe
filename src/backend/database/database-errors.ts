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

  /** Whether PostgreSQL was lost or refuses to talk, and not merely one statement slow, the pool busy or a disk full. */
  get isLost(): boolean {
    return !NOT_LOST.test(this.reason)
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
/** Of the reasons of unavailability, those with which the server says that it is there, and what this process knows by itself. */
const NOT_LOST = /^(53...|58030|57014|25P0[34]|pool_busy|commit_timeout)$/
/** What pg's pool says when no connection of it came free. */
const POOL_BUSY = /^timeout exceeded when trying to connect/
/** What pg says without a code. */
const LOST_CONNECTION =
  /^(Connection terminated|timeout expired|Query read timeout|Client has encountered a connection error)/

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
  if (POOL_BUSY.test(error.message)) return new DatabaseUnavailableError('pool_busy')
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
