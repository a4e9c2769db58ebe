import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { createLog } from '../log.js'
import { createClientAddress } from './client-address.js'
import { networksOf } from './network-of.js'

const from = (peer: string, forwarded?: string) =>
  ({ headers: { 'x-forwarded-for': forwarded }, socket: { remoteAddress: peer } }) as unknown as IncomingMessage

function clientAddress(trustProxy: string[], production = false) {
  const lines: string[] = []
  const log = createLog({ level: 'info', destination: { write: line => void lines.push(line) } })
  return { addressOf: createClientAddress({ trustProxy, production, log }), lines }
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

describe('in production', () => {
  const proxies = ['127.0.0.1', '::1', '10.0.0.1', '172.17.0.1', '::ffff:192.168.1.1', 'fd00::1', '169.254.1.1']

  test.each(proxies)(
    'what a proxy in the same network (%s) forwards without being named is counted as a crowd',
    peer => {
      const { addressOf } = clientAddress([], true)
      const forwarded = addressOf(from(peer, '203.0.113.9'))
      expect(networksOf(forwarded)).toEqual([{ name: `proxy ${peer}`, times: 20 }])
      // nobody chooses by what they write whom they are counted for
      expect(addressOf(from(peer, '203.0.113.10, 127.0.0.1'))).toBe(forwarded)
      expect(addressOf(from(peer))).toBe(peer)
    },
  )

  test('the log says so once, as an error, also after a stranger has forwarded something', () => {
    const { addressOf, lines } = clientAddress(['10.9.9.9'], true)
    for (let i = 0; i < 3; i++) addressOf(from('198.51.100.1', '203.0.113.9'))
    for (let i = 0; i < 3; i++) addressOf(from('10.0.0.1', '203.0.113.9'))
    const told = lines.map(line => JSON.parse(line) as object)
    expect(told).toMatchObject([{ level: 40 }, { level: 50, event: 'proxy_not_trusted', setting: 'TRUST_PROXY' }])
    expect(addressOf(from('198.51.100.1', '203.0.113.9'))).toBe('198.51.100.1')
    expect(lines).toHaveLength(2)
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
    ['a port behind the address', '127.0.0.1', '203.0.113.9:49152', '203.0.113.9'],
    ['a port behind a proxy’s address', '127.0.0.1', '203.0.113.9:49152, 10.2.3.4:80', '203.0.113.9'],
    ['IPv6 with a port', '127.0.0.1', '[2001:db8:1:2::3]:49152', '2001:db8:1:2::3'],
    ['IPv6 in brackets', '127.0.0.1', '[2001:db8:ffff::1] , [2001:db8:ffff::2]', '2001:db8:ffff::1'],
    ['something like a port', '127.0.0.1', '203.0.113.9:x', '127.0.0.1'],
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
