import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Member } from '../http/actor.js'
import { readVisitorToken, visitorHash, type CookieSettings, type VisitorToken } from '../http/attempt-cookie.js'
import type { ClientAddress } from '../http/client-address.js'
import { networksOf } from '../http/network-of.js'
import type { RequestLimit } from '../http/request-limit.js'
import { OpenLines } from './open-lines.js'

export type UpgradeLimitsDeps = {
  addressOf: ClientAddress
  cookies: CookieSettings
  /** A handshake counts like any request. */
  limit: RequestLimit
  /** WebSockets of visitors of one address at once. */
  perAddress: number
}

/** Tabs of one browser: no person watches an attempt in more. */
const perVisitor = 5

/** Sockets of one key, or of one login, on one node. */
const perMember = 50

/** A socket that closes makes room at once, but whoever has too many is not to ask every second. */
const retrySeconds = 10

/** Each answers with the seconds to wait for who has too many, else `null`; then the socket is counted until it closes. */
export interface UpgradeLimits {
  /** Before anything is asked of anybody. */
  request(request: IncomingMessage): number | null
  visitor(request: IncomingMessage, socket: Duplex): { visitor: VisitorToken | null; seconds: number | null }
  member(member: Member, socket: Duplex): number | null
}

export function createUpgradeLimits({ addressOf, cookies, limit, perAddress }: UpgradeLimitsDeps): UpgradeLimits {
  const ofAddresses = new OpenLines(perAddress)
  const ofVisitors = new OpenLines(perVisitor)
  const ofMembers = new OpenLines(perMember)

  const count = (socket: Duplex, lines: readonly ((() => void) | null)[]): number | null => {
    const end = () => {
      for (const endLine of lines) endLine?.()
    }
    // whoever has left while the database was asked is not counted for ever
    if (lines.includes(null) || socket.destroyed) {
      end()
      return retrySeconds
    }
    socket.once('close', end)
    return null
  }

  return {
    request: request => limit.take(addressOf(request)),
    visitor(request, socket) {
      const visitor = readVisitorToken(request.headers.cookie, cookies)
      const lines = networksOf(addressOf(request)).map(({ name, times }) => ofAddresses.open(name, times))
      if (visitor !== null) lines.push(ofVisitors.open(visitorHash(visitor).toString('base64')))
      return { visitor, seconds: count(socket, lines) }
    },
    member: ({ workspaceId, userId, kind, keyId }, socket) =>
      count(socket, [ofMembers.open(`${kind} ${workspaceId} ${keyId ?? userId}`)]),
  }
}
