import { GatewayError } from '../errors.js'

/** A transaction's handle was used after its callback had returned; the statement was not sent. */
export class TransactionEndedError extends Error {
  override name = 'TransactionEndedError'
  readonly code = 'transaction_ended'

  constructor() {
    super('This transaction has ended: await every statement inside the callback.')
  }
}

/** The callback swallowed an error of the database and returned; nothing was committed. */
export class TransactionAbortedError extends Error {
  override name = 'TransactionAbortedError'
  readonly code = 'transaction_aborted'

  constructor() {
    super('A statement of this transaction failed, so it was rolled back although its callback returned.')
  }
}

/** The callback, with its retries, took longer than its deadline; nothing was committed. To a client the database is not available. */
export class TransactionTimeoutError extends GatewayError {
  readonly retryable = true

  constructor(readonly deadlineMs: number) {
    super({
      code: 'database_unavailable',
      status: 503,
      message: `The database did not finish within ${deadlineMs} ms, and nothing was changed.`,
      action: 'Try again in a moment.',
      retryAfterSeconds: 5,
    })
  }
}
