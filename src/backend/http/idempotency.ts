import type { Request } from 'express'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import { GatewayError } from '../errors.js'
import type { Member } from './actor.js'
import { fieldsAtFault } from './field-errors.js'

/** A request that is to be done once, however often it is sent. */
export type Asked = {
  key: string
  /** Method, address and body, for comparison. It may hold anything that people send, so it is never stored as it is. */
  request: string
}

/** What a use-case may do so that a crash, too, doubles nothing. */
export type Once = {
  /** The same UUID in every try of one request: what is made may take it for its own id, so that a later try finds it. */
  readonly id: string
  /**
   * Keeps the answer in the transaction that does the work: both are stored or neither is.
   * @throws GatewayError `idempotency_in_flight` when another try has taken over, so that this one does nothing
   */
  remember(tx: TenantTransactor, answer: unknown): Promise<void>
}

export interface Idempotency {
  /**
   * Does the work, or gives the answer that it had before. Work that fails is done anew when somebody asks again.
   * @throws GatewayError 422 `idempotency_key_reused` for another request under the same key, 409 `idempotency_in_flight`
   */
  run(by: Member, asked: Asked, work: (once: Once) => Promise<unknown>): Promise<{ answer: unknown; replayed: boolean }>
}

/** Visible ASCII without blanks, so that two headers of the name are none. */
const form = /^[\x21-\x7e]{1,200}$/

/**
 * Source: draft-ietf-httpapi-idempotency-key-header-06.
 * @param body as it was sent
 * @returns null where no key is given
 * @throws GatewayError `validation_failed` for one that could not be kept
 */
export function askedOnce(request: Request, body: unknown): Asked | null {
  const key = request.headers['idempotency-key']
  if (key === undefined) return null
  if (typeof key !== 'string' || !form.test(key)) {
    throw fieldsAtFault([{ path: 'Idempotency-Key', message: 'must be one header of 1 to 200 visible ASCII signs' }])
  }
  return { key, request: [request.method, request.originalUrl, JSON.stringify(body)].join('\n') }
}

export function keyReused(): GatewayError {
  return new GatewayError({
    code: 'idempotency_key_reused',
    status: 422,
    message: 'This Idempotency-Key was sent with another request.',
    action: 'Use a new key for each request, and the same one only to send the very same request again.',
  })
}

export function inFlight(): GatewayError {
  return new GatewayError({
    code: 'idempotency_in_flight',
    status: 409,
    message: 'The request with this Idempotency-Key is still being answered.',
    action: 'Send it again after a moment to get its answer.',
    retryAfterSeconds: 1,
  })
}
