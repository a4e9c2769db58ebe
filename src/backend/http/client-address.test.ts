import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { createLog } from '../log.js'
import { createClientAddress } from './client-address.js'

const from = (peer: string, forwarded?: string) =>
  ({ headers: { 'x-forwarded-for': forwarded }, socket: { remoteAddress: peer } }) as unknown as IncomingMessage

function clientAddress(trustProxy: string[]) {
  const lines: string[] = []
  const log = createLog({ level: 'info', destination: { write: line => void lines.push(line) } })
  return { addressOf: createClientAddress({ trustProxy, log }), lines }
}

describe('without a trusted proxy', () => {
  test.each(['203.0.113.9', '203.0.113.9, 127.0.0.1', '127.0.0.1', '', ',,,', 'unknown', '::1', '<script>'])(
    'what is forwarded (%s) changes nothing',
    forwarded => {
      expect(clientAddress([]).addressOf(from('198.51.100.1', forwarded))).toBe('198.51.100.1')
    },
  )

  test('it is told once that a setting may be missing, without any address', () => {
    const { addressOf, lines } = clientAddress([])
    addressOf(from('198.51.100.1'))
    expect(lines).toEqual([])
    for (let i = 0; i < 3; i++) addressOf(from('198.51.100.1', '203.0.113.9'))
    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 40, event: 'proxy_not_trusted', setting: 'TRUST_PROXY' })
    expect(lines[0]).not.toContain('203.0.113.9')
  })
})

describe('with trusted proxies', () => {
  const trusted = ['loopback', '10.0.0.0/8', '2001:db8:ffff::/48']

  test.each([
    ['one proxy', '127.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['a proxy of the IPv6 loopback', '::1', '203.0.113.9', '203.0.113.9'],
    ['a mapped address', '::ffff:10.1.2.3', '203.0.113.9', '203.0.113.9'],
    ['a visitor with IPv6', '10.0.0.1', '2001:db8:1:2::3', '2001:db8:1:2::3'],
    ['two proxies', '127.0.0.1', '203.0.113.9, 10.2.3.4', '203.0.113.9'],
    ['a visitor who invents one before theirs', '127.0.0.1', '192.0.2.99, 203.0.113.9', '203.0.113.9'],
    [
      'a visitor who invents proxies',
      '127.0.0.1',
      '192.0.2.99, 10.0.0.1, 127.0.0.1, 203.0.113.9, 10.0.0.2',
      '203.0.113.9',
    ],
    ['a visitor who invents nonsense', '127.0.0.1', 'x, \u0000, 999.1.1.1, 203.0.113.9', '203.0.113.9'],
    ['nonsense from the proxy', '127.0.0.1', '203.0.113.9, unknown', '127.0.0.1'],
    ['nonsense from the proxy before', '127.0.0.1', 'unknown, 10.0.0.7', '10.0.0.7'],
    ['an empty header', '127.0.0.1', '', '127.0.0.1'],
    ['a visitor of the proxies’ own network', '127.0.0.1', '10.0.0.5', '10.0.0.5'],
    ['a stranger who comes directly', '198.51.100.1', '127.0.0.1', '198.51.100.1'],
  ])('%s', (_, peer, forwarded, expected) => {
    expect(clientAddress(trusted).addressOf(from(peer, forwarded))).toBe(expected)
  })

  test('no header at all is the proxy itself, and nothing is told', () => {
    const { addressOf, lines } = clientAddress(trusted)
    expect(addressOf(from('127.0.0.1'))).toBe('127.0.0.1')
    addressOf(from('127.0.0.1', '203.0.113.9'))
    expect(lines).toEqual([])
  })
})
