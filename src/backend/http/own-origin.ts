import type { IncomingMessage } from 'node:http'
import type { RequestHandler } from 'express'
import { GatewayError } from '../errors.js'
import type { IsFriend } from './cors.js'

const loopbackAddress = /^(127\.|::1$|::ffff:127\.)/
const loopbackName = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i

/**
 * Whether a request names this server as its host. With a public address the origin is compared with that instead. Without one, whatever
 * arrives over loopback must ask for loopback by name: a page of another site whose name was made to resolve to 127.0.0.1 does not.
 */
export function isOwnHost({ headers, socket }: IncomingMessage, publicUrl: string | null): boolean {
  return publicUrl !== null || !loopbackAddress.test(socket.localAddress ?? '') || loopbackName.test(headers.host ?? '')
}

/**
 * Whether a request comes from a page of this server, or from no page at all. Browsers always send `Origin` with a cross-site change
 * and with a WebSocket; programs send none.
 * @param publicUrl the address that people use, when a proxy changes the Host header
 */
export function isOwnOrigin(request: IncomingMessage, publicUrl: string | null): boolean {
  if (!isOwnHost(request, publicUrl)) return false
  const { origin, host } = request.headers
  if (origin === undefined) return request.headers['sec-fetch-site'] !== 'cross-site'
  if (!URL.canParse(origin)) return false
  return publicUrl === null ? new URL(origin).host === host : new URL(publicUrl).origin === origin
}

/** For everything that is served, pages and figures as well: whatever a page of another site can read, it can send away. */
export function requireOwnHost(publicUrl: string | null): RequestHandler {
  return (request, _response, next) => {
    if (!isOwnHost(request, publicUrl)) {
      throw new GatewayError({
        code: 'foreign_origin',
        status: 403,
        message: 'Over loopback this gateway answers to localhost, 127.0.0.1 and [::1] alone.',
        action: 'Open it by one of these names, or set PUBLIC_URL to the address that people use.',
      })
    }
    next()
  }
}

/** Changes: no page of another site may ask for them, but those that the operator has named. */
export function requireOwnOrigin(publicUrl: string | null, isFriend: IsFriend): RequestHandler {
  return (request, _response, next) => {
    const reads = request.method === 'GET' || request.method === 'HEAD'
    if (!reads && !isOwnOrigin(request, publicUrl) && !isFriend(request)) {
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
