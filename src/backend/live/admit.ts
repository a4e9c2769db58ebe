import { STATUS_CODES, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { GatewayError } from '../errors.js'
import type { Member } from '../http/actor.js'
import type { VisitorToken } from '../http/attempt-cookie.js'
import type { ClientAddress } from '../http/client-address.js'
import type { Identify } from '../http/identify.js'
import { isOwnHost, isOwnOrigin } from '../http/own-origin.js'
import { errorCode, type Log } from '../log.js'
import type { Tickets } from './tickets.js'
import type { UpgradeLimits } from './upgrade-limits.js'

/** Whom a handshake lets in; `refused`: the status line that it is answered with instead. */
export type Admitted =
  { member: Member } | { visitor: VisitorToken | null } | { refused: string; headers: readonly string[] }

export type Admit = (request: IncomingMessage, socket: Duplex, query: URLSearchParams) => Promise<Admitted>

export type AdmitDeps = {
  limits: UpgradeLimits
  identify: Identify
  tickets: Pick<Tickets, 'redeem'>
  addressOf: ClientAddress
  publicUrl: string | null
  /** Origins of pages elsewhere that may use the API; a ticket says by itself for which page it is. */
  allowedOrigins: readonly string[]
  log: Log
}

/**
 * Who opens a WebSocket: by `?token=`, which takes a ticket and nothing else, by the `Authorization` header, or by a visitor's cookie.
 * Whatever stands behind `token` is never written down, and nobody becomes a visitor by a proof that was wrong.
 */
export function createAdmit(deps: AdmitDeps): Admit {
  const { limits, identify, tickets, addressOf, publicUrl, allowedOrigins, log } = deps

  const isAllowedOrigin = (request: IncomingMessage) =>
    isOwnOrigin(request, publicUrl) || allowedOrigins.includes(request.headers.origin ?? '')

  const memberOf = async (request: IncomingMessage, query: URLSearchParams): Promise<Member | null> => {
    const given = query.getAll('token')
    if (given.length > 0) {
      const { origin } = request.headers
      // two of them are no ticket either
      return tickets.redeem(given.join(' '), { origin: origin ?? null, address: addressOf(request) })
    }
    const actor = await identify(request)
    return actor.kind === 'visitor' ? null : actor
  }

  const admit: Admit = async (request, socket, query) => {
    const tooMany = limits.request(request)
    if (tooMany !== null) return wait(tooMany)
    const byTicket = query.has('token')
    if (!isOwnHost(request, publicUrl) || (!byTicket && !isAllowedOrigin(request))) return refusal(403)
    const member = await memberOf(request, query)
    if (member === null) {
      if (!isOwnOrigin(request, publicUrl)) return refusal(403)
      const { visitor, seconds } = limits.visitor(request, socket)
      return seconds === null ? { visitor } : wait(seconds)
    }
    if (!member.scopes.has('read')) return refusal(403)
    const seconds = limits.member(member, socket)
    return seconds === null ? { member } : wait(seconds)
  }

  return async (...asked) => {
    try {
      return await admit(...asked)
    } catch (error) {
      if (!(error instanceof GatewayError)) log.warn('handshake_failed', { code: errorCode(error) })
      if (!(error instanceof GatewayError)) return refusal(503, 'Retry-After: 5')
      const seconds = error.retryAfterSeconds
      return refusal(error.status, ...(seconds === undefined ? [] : [`Retry-After: ${seconds}`]))
    }
  }
}

const wait = (seconds: number): Admitted => refusal(429, `Retry-After: ${seconds}`)

function refusal(status: number, ...headers: string[]): Admitted {
  // RFC 9110, 11.6.1: whoever answers 401 says what would be accepted
  const challenge = status === 401 ? ['WWW-Authenticate: Bearer'] : []
  return { refused: `${status} ${STATUS_CODES[status] ?? 'Error'}`, headers: [...headers, ...challenge] }
}
