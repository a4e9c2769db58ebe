import { isIPv4, isIPv6 } from 'node:net'

/** Whom something that comes from an address is counted for, and how many times the allowance of one subscriber it has. */
export type Network = { name: string; times: number }

/** A /48 may be one subscriber's (RFC 6177) or many people's: it has more than one of its /64s, and less than all of them. */
const timesOfWide = 4

/** So many people may share a proxy whose visitors cannot be told apart. */
const timesOfProxy = 20

const proxyMark = 'proxy '

/** Stands for the address of somebody behind a proxy that is not trusted: all its visitors are one network, with room for many. */
export const behindProxy = (proxy: string): string => proxyMark + proxy

/**
 * Narrowest first: IPv4 as it is, also when it is written as IPv6 (RFC 4291, 2.5.5.2); IPv6 by its /64, all of which a single subscriber
 * has, and by its /48. What is no address is one network of its own.
 */
export function networksOf(address: string): Network[] {
  if (address.startsWith(proxyMark)) return [{ name: address, times: timesOfProxy }]
  const plain = address.split('%', 1)[0] ?? ''
  if (isIPv4(plain)) return [{ name: plain, times: 1 }]
  if (!isIPv6(plain)) return [{ name: 'unknown', times: 1 }]
  const groups = groupsOf(plain)
  const [high = 0, low = 0] = groups.slice(6)
  if (groups.slice(0, 5).every(group => group === 0) && groups[5] === 0xffff) {
    return [{ name: [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.'), times: 1 }]
  }
  const prefix = (length: number) =>
    groups
      .slice(0, length)
      .map(group => group.toString(16))
      .join(':')
  return [
    { name: `${prefix(4)}::/64`, times: 1 },
    { name: `${prefix(3)}::/48`, times: timesOfWide },
  ]
}

/** The eight groups of an IPv6 address in any of its forms; the URL parser has made them one. */
function groupsOf(address: string): number[] {
  const [before = '', after] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const numbers = (part: string) => (part === '' ? [] : part.split(':').map(group => Number.parseInt(group, 16)))
  const front = numbers(before)
  const back = numbers(after ?? '')
  return [...front, ...Array.from({ length: 8 - front.length - back.length }, () => 0), ...back]
}
