import type { ErrorRequestHandler, RequestHandler } from 'express'
import { ZodError } from 'zod'
import type { ErrorCode, Problem } from '../../contract/errors.js'
import { GatewayError } from '../errors.js'
import { errorCode, type Log } from '../log.js'
import { fieldErrors } from './field-errors.js'

/** Errors of Express' own body parser, by their `type`. */
const bodyErrors: Record<string, { code: ErrorCode; status: number; message: string; action: string }> = {
  'entity.parse.failed': {
    code: 'invalid_json',
    status: 400,
    message: 'The body is not valid JSON.',
    action: 'Send one JSON object, encoded as UTF-8.',
  },
  'entity.too.large': {
    code: 'body_too_large',
    status: 413,
    message: 'The body is too large.',
    action: 'Send less than 64 kB.',
  },
  'encoding.unsupported': {
    code: 'unsupported_media_type',
    status: 415,
    message: 'The body has an unsupported content encoding.',
    action: 'Send the JSON uncompressed, or as gzip, deflate or br.',
  },
  'charset.unsupported': {
    code: 'unsupported_media_type',
    status: 415,
    message: 'The body has an unsupported charset.',
    action: 'Send JSON encoded as UTF-8.',
  },
}

/** Turns whatever was thrown into the one error a client may see. Unknown errors say nothing about themselves. */
export function asGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  if (error instanceof ZodError) {
    return new GatewayError({
      code: 'validation_failed',
      status: 400,
      message: 'Some fields are not as they should be.',
      action: 'Correct the fields listed under "errors".',
      fields: fieldErrors(error),
    })
  }
  const body = bodyErrors[(error as { type?: string } | null)?.type ?? '']
  if (body !== undefined) return new GatewayError({ ...body, cause: error })
  const status = (error as { status?: unknown } | null)?.status
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new GatewayError({ code: 'invalid_json', status, message: 'The request could not be read.', cause: error })
  }
  return new GatewayError({
    code: 'internal_error',
    status: 500,
    message: 'Something went wrong on the server.',
    action: 'Try again. If it happens again, tell the operator the time it happened.',
    cause: error,
  })
}

const titles: Partial<Record<number, string>> = {
  400: 'Bad request',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  413: 'Content too large',
  415: 'Unsupported media type',
  429: 'Too many requests',
  502: 'Bad gateway',
  503: 'Service unavailable',
}

export function problemOf(error: GatewayError): Problem {
  return {
    type: `urn:whizlite:problem:${error.code}`,
    title: titles[error.status] ?? 'Internal server error',
    status: error.status,
    code: error.code,
    detail: error.message,
    error: error.message,
    ...(error.action !== undefined && { action: error.action }),
    ...(error.fields !== undefined && { errors: [...error.fields] }),
  }
}

export function notFound(): RequestHandler {
  return () => {
    throw new GatewayError({ code: 'not_found', status: 404, message: 'There is nothing at this address.' })
  }
}

/** The only place where an error becomes HTTP. */
export function errorResponse(log: Log): ErrorRequestHandler {
  return (thrown: unknown, request, response, next) => {
    const error = asGatewayError(thrown)
    if (error.status >= 500) {
      log.error('request_failed', {
        code: errorCode(error.cause ?? error),
        method: request.method,
        status: error.status,
      })
    }
    if (response.headersSent) {
      next(thrown)
      return
    }
    if (error.retryAfterSeconds !== undefined) response.set('Retry-After', String(error.retryAfterSeconds))
    response
      .status(error.status)
      .type('application/problem+json')
      .send(JSON.stringify(problemOf(error)))
  }
}
