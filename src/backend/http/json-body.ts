import express, { type RequestHandler } from 'express'
import { GatewayError } from '../errors.js'

const limitBytes = 64 * 1024

/** Keys that reach an object's prototype in careless code anywhere below. No request of ours has them. */
const poisonous = new Set(['__proto__', 'constructor', 'prototype'])

/** Parses JSON bodies: bounded in size, UTF-8, without keys that could pollute prototypes. Runs before authentication. */
export function jsonBody(): RequestHandler[] {
  return [
    requireJson,
    express.json({
      limit: limitBytes,
      strict: true,
      reviver: (key: string, value: unknown) => {
        if (poisonous.has(key)) throw new SyntaxError('forbidden key')
        return value
      },
    }),
  ]
}

/** A body that a form on another site can send without asking is not JSON. */
const requireJson: RequestHandler = (request, _response, next) => {
  const changes = request.method === 'POST' || request.method === 'PUT' || request.method === 'PATCH'
  if (changes && !request.is('application/json')) {
    throw new GatewayError({
      code: 'unsupported_media_type',
      status: 415,
      message: 'The body must be JSON.',
      action: 'Send it with the header Content-Type: application/json.',
    })
  }
  next()
}
