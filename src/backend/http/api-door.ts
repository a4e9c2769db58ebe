import type { RequestHandler, Response } from 'express'
import { GatewayError } from '../errors.js'
import type { Actor, Member } from './actor.js'
import type { ClientAddress } from './client-address.js'
import type { Identify } from './identify.js'
import { networksOf } from './network-of.js'
import type { Allowance, RateLimit } from './rate-limit.js'
import type { RequestLimit } from './request-limit.js'
import { tooManyAttempts } from './too-many-attempts.js'

export type ApiDoorDeps = {
  identify: Identify
  addressOf: ClientAddress
  /** Of visitors, and of those who are wrong about who they are, by address. */
  limit: RequestLimit
  /** Of members, by API key or login. */
  ofMembers: RateLimit
  /** Of members, by the address that they come from. */
  ofAddresses: RateLimit
}

/**
 * Who claims to be somebody and is not, or asks too often, hears it before anything is read from them, also where there is nothing. The
 * service token is held to no limit: it is the operator's own.
 */
export function apiDoor({ identify, addressOf, limit, ofMembers, ofAddresses }: ApiDoorDeps): RequestHandler {
  const hold = (actor: Member, response: Response): void => {
    const allowance = ofMembers.take([{ name: actor.keyId ?? actor.userId, times: 1 }])
    const ofAddress = allowance.waitSeconds === null ? ofAddresses.take(networksOf(actor.address)) : allowance
    const told = ofAddress.waitSeconds === null && allowance.remaining < ofAddress.remaining ? allowance : ofAddress
    for (const [name, value] of Object.entries(headersOf(told))) response.setHeader(name, value)
    if (told.waitSeconds !== null) throw rateLimited(told.waitSeconds)
  }
  const count = (address: string): void => {
    const wait = limit.take(address)
    if (wait !== null) throw tooManyAttempts(wait)
  }
  return async (request, response, next) => {
    let actor: Actor
    try {
      actor = await identify(request)
    } catch (error) {
      if (error instanceof GatewayError && error.status === 401) count(addressOf(request))
      throw error
    }
    if (actor.kind === 'visitor') count(actor.address)
    else if (actor.kind !== 'service') hold(actor, response)
    next()
  }
}

/** Source: draft-ietf-httpapi-ratelimit-headers-06. */
const headersOf = ({ limit, remaining, resetSeconds }: Allowance) => ({
  'RateLimit-Limit': String(limit),
  'RateLimit-Remaining': String(remaining),
  'RateLimit-Reset': String(resetSeconds),
})

function rateLimited(retryAfterSeconds: number): GatewayError {
  return new GatewayError({
    code: 'rate_limited',
    status: 429,
    message: 'These are more requests than one key, login or address may send.',
    action: 'Wait as long as Retry-After says, then go on more slowly; RateLimit headers tell what is left.',
    retryAfterSeconds,
  })
}
