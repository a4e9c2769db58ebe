import { STATUS_CODES } from 'node:http'
import type { ErrorRequestHandler, Request, RequestHandler } from 'express'
import type { Problem } from '../../contract/errors.js'
import { GatewayError } from '../errors.js'
import { errorCode, type Log } from '../log.js'
import { requestIdOf } from './request-id.js'

/** Turns whatever was thrown into the one error a client may see. Unknown errors say nothing about themselves. */
export function asGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  const status = (error as { status?: unknown } | null)?.status
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return unreadable(status, error)
  }
  return new GatewayError({
    code: 'internal_error',
    status: 500,
    message: 'Something went wrong on the server.',
    action: 'Try again. If it happens again, tell the operator the time it happened.',
    cause: error,
  })
}

/** What the framework, or Node's parser, could not make sense of. */
export function unreadable(status: number, cause?: unknown): GatewayError {
  return new GatewayError({
    code: 'bad_request',
    status,
    message: 'The request could not be read.',
    action: 'Correct its address, headers or encoding, then send it again.',
    cause,
  })
}

const titles: Partial<Record<number, string>> = {
  400: 'Bad request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  413: 'Content too large',
  415: 'Unsupported media type',
  429: 'Too many requests',
  500: 'Internal server error',
  502: 'Bad gateway',
  503: 'Service unavailable',
}

/** @param requestId of the request that it answers */
export function problemOf(error: GatewayError, requestId: string): Problem {
  return {
    type: `urn:whizlite:problem:${error.code}`,
    title: titles[error.status] ?? STATUS_CODES[error.status] ?? 'Error',
    status: error.status,
    code: error.code,
    detail: error.message,
    error: error.message,
    ...(error.reasonCode !== undefined && { reason: error.reasonCode }),
    ...(error.action !== undefined && { action: error.action }),
    ...(error.fields !== undefined && { errors: [...error.fields] }),
    requestId,
  }
}

export function notFound(): RequestHandler {
  return () => {
    throw new GatewayError({
      code: 'not_found',
      status: 404,
      message: 'There is nothing at this address.',
      action: 'Check the address; GET /openapi.json lists all there are.',
    })
  }
}

/** The only place where an error becomes HTTP. */
export function errorResponse(log: Log): ErrorRequestHandler {
  return (thrown: unknown, request, response, next) => {
    const error = asGatewayError(thrown)
    const path = patternOf(request)
    const requestId = requestIdOf(request)
    // a health door that says no does what it is for
    if (error.status >= 500 && !(error.status === 503 && path?.startsWith('/health') === true)) {
      log.error('request_failed', {
        code: errorCode(error.cause ?? error),
        method: request.method,
        ...(path !== undefined && { path }),
        status: error.status,
        requestId,
      })
    }
    if (response.headersSent) {
      next(thrown)
      return
    }
    if (error.retryAfterSeconds !== undefined) response.set('Retry-After', String(error.retryAfterSeconds))
    // RFC 9110, 11.6.1: whoever answers 401 says what would be accepted
    if (error.status === 401) response.set('WWW-Authenticate', 'Bearer')
    // a body that nobody wants is not read to its end
    if (!request.complete && announcesBody(request)) response.set('Connection', 'close')
    response
      .set('Cache-Control', 'no-store')
      .status(error.status)
      .type('application/problem+json')
      .send(JSON.stringify(problemOf(error, requestId)))
  }
}

/** The route's, without what a request has put in its place: ids are nobody's to read. None before a route was found. */
function patternOf(request: Request): string | undefined {
  const { path } = (request.route ?? {}) as { path?: unknown }
  return typeof path === 'string' ? path : undefined
}

function announcesBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}
