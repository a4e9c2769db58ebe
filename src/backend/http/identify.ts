import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../errors.js'
import { readVisitorToken, type CookieSettings, type VisitorToken } from './attempt-cookie.js'

/** Who is asking. */
export type Actor = {
  kind: 'visitor' | 'service'
  /** The visitor's cookie; a service has none, whatever it sends. */
  token: VisitorToken | null
  /** The network address that the request came from. */
  address: string
  /** The user that a service says it asks for, by the header X-User-Id; as it was sent. */
  userId?: string
}

/** @throws GatewayError `invalid_service_token` for whoever claims to be a service and is not: nobody becomes a visitor that way */
export type Identify = (request: IncomingMessage) => Actor

export type IdentifyDeps = {
  /** `null`: there are no services, and every claim is wrong. */
  serviceToken: string | null
  cookies: CookieSettings
  addressOf: (request: IncomingMessage) => string
}

/** A proxy that asks visitors for a password of its own may hand on what they answered: that is not meant for us. */
const proxyPassword = /^(basic|digest) /i

/** An `Authorization` header is a claim to be a service, a cookie never is. Form of the header: RFC 6750, 2.1. */
export function createIdentify({ serviceToken, cookies, addressOf }: IdentifyDeps): Identify {
  const expected = serviceToken === null ? null : hashOf(serviceToken)
  return request => {
    const address = addressOf(request)
    const { authorization, cookie, 'x-user-id': userId } = request.headers
    if (authorization === undefined || proxyPassword.test(authorization)) {
      return { kind: 'visitor', token: readVisitorToken(cookie, cookies), address }
    }
    const given = /^bearer +(\S+)$/i.exec(authorization)?.[1]
    const right = timingSafeEqual(hashOf(given ?? ''), expected ?? hashOf('')) && given !== undefined
    if (!right || expected === null) throw invalidServiceToken()
    return { kind: 'service', token: null, address, ...(typeof userId === 'string' && { userId }) }
  }
}

/** The same for a token that is missing, malformed, wrong, or that no token could be right for. */
export function invalidServiceToken(): GatewayError {
  return new GatewayError({
    code: 'invalid_service_token',
    status: 401,
    message: 'This needs the service token.',
    action: 'Send the header Authorization: Bearer with the WHATSAPP_SERVICE_TOKEN of the gateway.',
  })
}

/** Hashes are of one length, which a comparison in constant time needs. */
const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest()
