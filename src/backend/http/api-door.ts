import type { IncomingMessage } from 'node:http'
import type { RequestHandler } from 'express'
import type { Actor, Identify } from './identify.js'
import type { ClientAddress } from './client-address.js'
import type { RequestLimit } from './request-limit.js'
import { tooManyAttempts } from './too-many-attempts.js'

export type ApiDoorDeps = { identify: Identify; addressOf: ClientAddress; limit: RequestLimit }

/**
 * Who is refused as a service, or asks too often, hears it before anything is read from them, also where there is nothing. Services are
 * not counted; whoever guesses the token is.
 */
export function apiDoor({ identify, addressOf, limit }: ApiDoorDeps): RequestHandler {
  const count = (request: IncomingMessage): void => {
    const wait = limit.take(addressOf(request))
    if (wait !== null) throw tooManyAttempts(wait)
  }
  return (request, _response, next) => {
    let actor: Actor
    try {
      actor = identify(request)
    } catch (error) {
      count(request)
      throw error
    }
    if (actor.kind !== 'service') count(request)
    next()
  }
}
