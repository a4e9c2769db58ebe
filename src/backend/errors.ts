import type { ErrorCode } from '../contract/errors.js'

export type GatewayErrorOptions = {
  code: ErrorCode
  status: number
  /** What happened, in one sentence for a person. Never contains user data or a secret. */
  message: string
  /** A narrower code than `code`, for clients that tell such cases apart. */
  reasonCode?: string
  /** What to do about it, in one sentence. */
  action?: string
  retryAfterSeconds?: number
  /** Fields at fault, each with its JSON path. */
  fields?: readonly { path: string; message: string }[]
  cause?: unknown
}

/** An error that a client may see. Becomes problem JSON in exactly one place, `http/error-response.ts`. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly code: ErrorCode
  readonly status: number
  readonly reasonCode: string | undefined
  readonly action: string | undefined
  readonly retryAfterSeconds: number | undefined
  readonly fields: readonly { path: string; message: string }[] | undefined

  constructor({ code, status, message, reasonCode, action, retryAfterSeconds, fields, cause }: GatewayErrorOptions) {
    super(message, { cause })
    this.code = code
    this.status = status
    this.reasonCode = reasonCode
    this.action = action
    this.retryAfterSeconds = retryAfterSeconds
    this.fields = fields
  }
}
