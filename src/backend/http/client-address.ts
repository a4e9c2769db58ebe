import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import proxyAddr from 'proxy-addr'
import type { Log } from '../log.js'

/** The network address of whoever sent a request, as far as it can be believed. */
export type ClientAddress = (request: IncomingMessage) => string

export type ClientAddressDeps = {
  /** Proxies whose word is believed: addresses, ranges, or the names `loopback`, `linklocal` and `uniquelocal`. */
  trustProxy: readonly string[]
  log: Log
}

/**
 * Reads `X-Forwarded-For` from the near end, as long as it was written by proxies that are trusted: the first other address is the
 * visitor's, and what stands before it is theirs to invent. What is no address ends the search at the proxy that passed it on.
 */
export function createClientAddress({ trustProxy, log }: ClientAddressDeps): ClientAddress {
  const isTrusted = proxyAddr.compile([...trustProxy])
  let told = false
  return request => {
    const peer = request.socket.remoteAddress ?? ''
    if (request.headers['x-forwarded-for'] === undefined) return peer
    if (!isTrusted(peer, 0)) {
      // behind a proxy, all visitors would share the limits of one address
      if (!told) log.warn('proxy_not_trusted', { setting: 'TRUST_PROXY' })
      told = true
      return peer
    }
    return proxyAddr.all(request, isTrusted).findLast(address => isIP(address) !== 0) ?? peer
  }
}
