import type { ErrorCode, Problem } from '../contract/errors.js'

/** The gateway refused, and said why: switch on `code`, show `message` and `action` to people. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly status: number
  /** A newer gateway may have codes that this client does not know. */
  readonly code: ErrorCode | (string & {})
  /** What to do about it. */
  readonly action: string | undefined
  /** Fields at fault, each with its JSON path. */
  readonly fields: NonNullable<Problem['errors']>
  /** Names the request in the gateway's log. */
  readonly requestId: string | undefined

  constructor(
    readonly problem: Problem,
    /** How long the gateway asks to wait. */
    readonly retryAfterSeconds: number | null,
  ) {
    super(problem.detail)
    this.status = problem.status
    this.code = problem.code
    this.action = problem.action
    this.fields = problem.errors ?? []
    this.requestId = problem.requestId
  }
}

/** Nobody answered, not in time, or not as a gateway does. Whether the request was carried out is not known. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError'

  constructor(
    readonly code: 'unreachable' | 'timeout' | 'not_a_gateway',
    message: string,
    cause?: unknown,
  ) {
    super(message, { cause })
  }
}
