import type { IncomingMessage } from 'node:http'
import type { RequestHandler } from 'express'

/** Where pages of other origins may ask: with a proof that they hold themselves, never with a cookie. */
export const sharedPaths = ['/api/v1', '/api/whatsapp'] as const

const exposed = [
  'Idempotency-Replayed',
  'RateLimit-Limit',
  'RateLimit-Remaining',
  'RateLimit-Reset',
  'Retry-After',
  'X-Request-Id',
].join(', ')

const methods = 'GET, POST, PATCH, DELETE'
const headers = 'Authorization, Content-Type, Idempotency-Key, X-Request-Id'
const preflightSeconds = 600

/** Whether a request comes from a page that the operator has named, for something that such pages may ask for. */
export type IsFriend = (request: IncomingMessage) => boolean

/** @param origins exact, as browsers write them: `https://app.example.com` */
export function createIsFriend(origins: readonly string[]): IsFriend {
  const known = new Set(origins)
  return (request: IncomingMessage & { originalUrl?: string }) => {
    const { origin } = request.headers
    // inside a router the other one is cut short
    const address = request.originalUrl ?? request.url ?? '/'
    return origin !== undefined && known.has(origin) && sharedPaths.some(path => address.startsWith(`${path}/`))
  }
}

/**
 * Lets pages of named origins read answers (Fetch standard, "CORS protocol"): exactly those, without credentials, so that no cookie of this
 * gateway ever goes along.
 */
export function cors(isFriend: IsFriend): RequestHandler {
  return (request, response, next) => {
    response.vary('Origin')
    if (!isFriend(request)) return next()
    response.set('Access-Control-Allow-Origin', request.headers.origin)
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) {
      response.set('Access-Control-Expose-Headers', exposed)
      return next()
    }
    response
      .vary('Access-Control-Request-Method')
      .vary('Access-Control-Request-Headers')
      .set({
        'Access-Control-Allow-Methods': methods,
        'Access-Control-Allow-Headers': headers,
        'Access-Control-Max-Age': String(preflightSeconds),
        'Cache-Control': 'no-store',
      })
      .status(204)
      .end()
  }
}
