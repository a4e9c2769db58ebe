import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { RequestHandler } from 'express'

export const requestIdHeader = 'X-Request-Id'

/**
 * What proxies and programs give as an id: a UUID, a ULID, a trace id. It stands in logs and answers, so nothing is taken over that could be
 * anything else; every secret of ours is longer, or has other signs.
 */
const sane = /^[A-Za-z0-9][A-Za-z0-9._-]{7,39}$/

const ids = new WeakMap<IncomingMessage, string>()

/** The id by which a request is found again in logs: the one that it brought if that is sane, else one of ours. */
export function requestIdOf(request: IncomingMessage): string {
  const known = ids.get(request)
  if (known !== undefined) return known
  const given = request.headers['x-request-id']
  const id = typeof given === 'string' && sane.test(given) ? given : randomUUID()
  ids.set(request, id)
  return id
}

/** Every answer tells the id of its request. */
export function tellRequestId(): RequestHandler {
  return (request, response, next) => {
    response.setHeader(requestIdHeader, requestIdOf(request))
    next()
  }
}
