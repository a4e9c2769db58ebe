import type { IncomingMessage } from 'node:http'
import { PhonesError } from '../phones/phones-error.js'

/**
 * Refuses whoever did not come to this server's own loopback address (a name that somebody has pointed at 127.0.0.1 is not it), and
 * changes that a page of another site asks for.
 *
 * @throws PhonesError `foreign_host`, `foreign_origin`
 */
export function requireOwnAddress(request: IncomingMessage, port: number): void {
  const { host, origin } = request.headers
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`) {
    throw new PhonesError('foreign_host', 421, `The demo is at http://127.0.0.1:${port} alone.`)
  }
  const foreign =
    origin === undefined ? request.headers['sec-fetch-site'] === 'cross-site' : origin !== `http://${host}`
  if (foreign && request.method !== 'GET' && request.method !== 'HEAD') {
    throw new PhonesError('foreign_origin', 403, 'This request came from a page of another site.')
  }
}
