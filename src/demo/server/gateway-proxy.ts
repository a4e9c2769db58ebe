import { request as call, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { pipeline, type Duplex } from 'node:stream'
import { PhonesError } from '../phones/phones-error.js'
import { sendProblem } from './problem.js'

/** Where the gateway's own front page is shown to the phones page's frame. */
const FRAMED = '/link/'

export interface GatewayProxy {
  forward(request: IncomingMessage, response: ServerResponse): void
  forwardUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
}

/**
 * Hands everything on to the gateway as it is, Host, Origin and cookies included, so that the gateway's own checks hold. One answer is
 * changed: the gateway lets nobody frame its pages, and its page below `/link/` may be framed by this server's own page alone.
 *
 * @param port the gateway's, on 127.0.0.1
 */
export function gatewayProxy(port: number): GatewayProxy {
  const options = (request: IncomingMessage) => ({
    host: '127.0.0.1',
    port,
    method: request.method ?? 'GET',
    path: gatewayPath(request.url ?? '/'),
    headers: request.headers,
    agent: false as const,
  })

  return {
    forward(request, response) {
      const upstream = call(options(request), answer => {
        response.writeHead(answer.statusCode ?? 502, relaxed(request, withoutHops(answer.headers)))
        pipeline(answer, response, () => {})
      })
      upstream.once('error', () => {
        sendProblem(response, new PhonesError('gateway_unreachable', 502, 'The gateway does not answer.'))
      })
      response.once('close', () => upstream.destroy())
      request.pipe(upstream)
    },
    forwardUpgrade(request, socket, head) {
      const upstream = call(options(request))
      upstream.once('upgrade', (answer, gateway, rest) => {
        socket.write(headOf(answer))
        if (rest.length > 0) socket.write(rest)
        if (head.length > 0) gateway.write(head)
        pipeline(gateway, socket, () => {})
        pipeline(socket, gateway, () => {})
      })
      upstream.once('response', answer => {
        socket.write(headOf(answer))
        pipeline(answer, socket, () => {})
      })
      upstream.once('error', () => socket.destroy())
      socket.once('error', () => upstream.destroy())
      socket.once('close', () => upstream.destroy())
      upstream.end()
    },
  }
}

function gatewayPath(url: string): string {
  return url.startsWith(FRAMED) ? url.slice(FRAMED.length - 1) : url
}

function relaxed(request: IncomingMessage, headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const policy = headers['content-security-policy']
  const isFramed = request.url?.startsWith(FRAMED) === true && headers['content-type']?.startsWith('text/html') === true
  if (!isFramed || typeof policy !== 'string') return headers
  return {
    ...headers,
    'content-security-policy': policy.replace("frame-ancestors 'none'", "frame-ancestors 'self'"),
    'x-frame-options': 'SAMEORIGIN',
  }
}

/** Headers about the one connection they came through (RFC 9110, 7.6.1). */
function withoutHops({ connection: _c, 'keep-alive': _k, 'transfer-encoding': _t, ...headers }: IncomingHttpHeaders) {
  return headers
}

function headOf({ statusCode, statusMessage, rawHeaders }: IncomingMessage): string {
  const lines = [`HTTP/1.1 ${statusCode ?? 502} ${statusMessage ?? ''}`]
  for (let index = 0; index < rawHeaders.length; index += 2)
    lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`)
  return `${lines.join('\r\n')}\r\n\r\n`
}
