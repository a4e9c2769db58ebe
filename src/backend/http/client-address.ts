import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import proxyAddr from 'proxy-addr'
import type { Log } from '../log.js'
import { behindProxy } from './network-of.js'

/** Whom a request is counted for: the network address of its sender as far as it can be believed, or what `behindProxy` makes of a proxy. */
export type ClientAddress = (request: IncomingMessage) => string

export type ClientAddressDeps = {
  /** Proxies whose word is believed: addresses, ranges, or the names `loopback`, `linklocal` and `uniquelocal`. */
  trustProxy: readonly string[]
  /** In production nobody but a proxy has a private address and forwards. */
  production: boolean
  log: Log
}

const isPrivate = proxyAddr.compile(['loopback', 'linklocal', 'uniquelocal'])

/**
 * Reads `X-Forwarded-For` from the near end, as long as it was written by proxies that are trusted: the first other address is the
 * visitor's, and what stands before it is theirs to invent. What is no address ends the search at the proxy that passed it on.
 *
 * A proxy that was not named is not believed, for anybody could invent what it is said to forward. Yet in production, where it stands in
 * the same machine or network, all its visitors would share the limits of one address and shut each other out: they get those of many, and
 * the log says at its loudest what to set.
 */
export function createClientAddress({ trustProxy, production, log }: ClientAddressDeps): ClientAddress {
  const isTrusted = proxyAddr.compile([...trustProxy])
  const told = new Set<'warn' | 'error'>()
  const tell = (level: 'warn' | 'error'): void => {
    if (!told.has(level)) log[level]('proxy_not_trusted', { setting: 'TRUST_PROXY' })
    told.add(level)
  }
  return request => {
    const peer = request.socket.remoteAddress ?? ''
    const forwarded = request.headers['x-forwarded-for']
    if (forwarded === undefined) return peer
    if (!isTrusted(peer, 0)) {
      const unnamed = production && isPrivate(peer, 0)
      tell(unnamed ? 'error' : 'warn')
      return unnamed ? behindProxy(peer) : peer
    }
    let address = peer
    for (const hop of [forwarded].flat().join(',').split(',').map(withoutPort).toReversed()) {
      if (isIP(hop) === 0 || !isTrusted(address, 0)) break
      address = hop
    }
    return address
  }
}

/** Some proxies write the port, too: `192.0.2.7:49152`, `[2001:db8::1]:49152` (RFC 7239, 6 has the forms). */
function withoutPort(hop: string): string {
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([\d.]+))(?::\d{1,5})?$/.exec(hop.trim()) ?? []
  return bracketed ?? plain ?? hop.trim()
}
