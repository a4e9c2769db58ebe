import { isIPv4, isIPv6 } from 'node:net'

/**
 * Whom an address is counted for: IPv4 as it is, also when it is written as IPv6 (RFC 4291, 2.5.5.2); IPv6 by its /64, all of which a
 * single subscriber has (RFC 6177). What is no address is one network of its own.
 */
export function networkOf(address: string): string {
  const plain = address.split('%', 1)[0] ?? ''
  if (isIPv4(plain)) return plain
  if (!isIPv6(plain)) return 'unknown'
  const groups = groupsOf(plain)
  const [high = 0, low = 0] = groups.slice(6)
  if (groups.slice(0, 5).every(group => group === 0) && groups[5] === 0xffff) {
    return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')
  }
  const prefix = groups.slice(0, 4).map(group => group.toString(16))
  return `${prefix.join(':')}::/64`
}

/** The eight groups of an IPv6 address in any of its forms; the URL parser has made them one. */
function groupsOf(address: string): number[] {
  const [before = '', after] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const numbers = (part: string) => (part === '' ? [] : part.split(':').map(group => Number.parseInt(group, 16)))
  const front = numbers(before)
  const back = numbers(after ?? '')
  return [...front, ...Array.from({ length: 8 - front.length - back.length }, () => 0), ...back]
}
