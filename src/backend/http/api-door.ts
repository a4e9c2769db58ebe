import type { IncomingMessage } from 'node:http'
import type { RequestHandler } from 'express'
import { GatewayError } from '../errors.js'
import type { Actor } from './actor.js'
import type { ClientAddress } from './client-address.js'
import type { RequestLimit } from './request-limit.js'
import type { Identify } from './identify.js'
import { tooManyAttempts } from './too-many-attempts.js'

export type ApiDoorDeps = { identify: Identify; addressOf: ClientAddress; limit: RequestLimit }

/**
 * Who is refused as a service, or asks too often, hears it before anything is read from them, also where there is nothing. Whoever is known is
 * not counted by address; whoever guesses a proof is.
 */
export function apiDoor({ identify, addressOf, limit }: ApiDoorDeps): RequestHandler {
  const count = (request: IncomingMessage): void => {
    const wait = limit.take(addressOf(request))
    if (wait !== null) throw tooManyAttempts(wait)
  }
  return async (request, _response, next) => {
    let actor: Actor
    try {
      actor = await identify(request)
    } catch (error) {
      if (error instanceof GatewayError && error.status === 401) count(request)
      throw error
    }
    if (actor.kind === 'visitor') count(request)
    next()
  }
}
