import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { readVisitorToken, visitorHash, type CookieSettings } from '../http/attempt-cookie.js'
import type { ClientAddress } from '../http/client-address.js'
import { networksOf } from '../http/network-of.js'
import type { RequestLimit } from '../http/request-limit.js'
import { OpenLines } from './open-lines.js'

export type UpgradeLimitsDeps = {
  addressOf: ClientAddress
  cookies: CookieSettings
  /** A handshake counts like any request. */
  limit: RequestLimit
  /** WebSockets of one address at once. */
  perAddress: number
}

/** Tabs of one browser: no person watches an attempt in more. */
const perVisitor = 5

/** A socket that closes makes room at once, but whoever has too many is not to ask every second. */
const retrySeconds = 10

/** @returns seconds to wait for who has too many WebSockets, else `null`; then the socket is counted until it closes */
export type UpgradeLimits = (request: IncomingMessage, socket: Duplex) => number | null

export function createUpgradeLimits({ addressOf, cookies, limit, perAddress }: UpgradeLimitsDeps): UpgradeLimits {
  const ofAddresses = new OpenLines(perAddress)
  const ofVisitors = new OpenLines(perVisitor)
  return (request, socket) => {
    const address = addressOf(request)
    const wait = limit.take(address)
    if (wait !== null) return wait
    const visitor = readVisitorToken(request.headers.cookie, cookies)
    const lines = networksOf(address).map(({ name, times }) => ofAddresses.open(name, times))
    if (visitor !== null) lines.push(ofVisitors.open(visitorHash(visitor).toString('base64')))
    const end = () => {
      for (const endLine of lines) endLine?.()
    }
    if (lines.includes(null)) {
      end()
      return retrySeconds
    }
    socket.once('close', end)
    return null
  }
}
