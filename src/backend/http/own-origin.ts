import type { IncomingMessage } from 'node:http'
import type { RequestHandler } from 'express'
import { GatewayError } from '../errors.js'

/**
 * Whether a request comes from a page of this server, or from no page at all. Browsers always send `Origin` with a cross-site change
 * and with a WebSocket; programs send none.
 * @param publicUrl the address that people use, when a proxy changes the Host header
 */
export function isOwnOrigin(request: IncomingMessage, publicUrl: string | null): boolean {
  const { origin, host } = request.headers
  if (origin === undefined) return request.headers['sec-fetch-site'] !== 'cross-site'
  if (!URL.canParse(origin)) return false
  return publicUrl === null ? new URL(origin).host === host : new URL(publicUrl).origin === origin
}

export function requireOwnOrigin(publicUrl: string | null): RequestHandler {
  return (request, _response, next) => {
    const reads = request.method === 'GET' || request.method === 'HEAD'
    if (!reads && !isOwnOrigin(request, publicUrl)) {
      throw new GatewayError({
        code: 'foreign_origin',
        status: 403,
        message: 'This request came from a page of another site.',
        action: 'Open the linking page itself.',
      })
    }
    next()
  }
}
