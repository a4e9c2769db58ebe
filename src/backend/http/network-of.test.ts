import { expect, test } from 'vitest'
import { behindProxy, networksOf } from './network-of.js'

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::FFFF:c000:207', '192.0.2.7'],
  ['0:0:0:0:0:ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['1::', '1:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['64:ff9b::192.0.2.33', '64:ff9b:0:0::/64'],
  ['', 'unknown'],
  ['unknown', 'unknown'],
  ['192.0.2.7:443', 'unknown'],
  ['[2001:db8::1]', 'unknown'],
  ["1.2.3.4' or 1=1", 'unknown'],
])('%s is counted as %s', (address, network) => {
  expect(networksOf(address)[0]).toEqual({ name: network, times: 1 })
})

test('IPv6 is counted by its /48, too, with more room than one /64 and less than all', () => {
  const wide = (address: string) => networksOf(address).slice(1)
  expect(wide('2001:db8:1:2:3:4:5:6')).toEqual([{ name: '2001:db8:1::/48', times: 4 }])
  expect(wide('2001:db8:1:ffff::')).toEqual(wide('2001:db8:1::1'))
  expect(wide('2001:db8:2::1')).not.toEqual(wide('2001:db8:1::1'))
  for (const address of ['192.0.2.7', '::ffff:192.0.2.7', 'unknown']) expect(wide(address)).toEqual([])
})

test('all visitors of a proxy that is not trusted are one network, which is not the proxy itself', () => {
  expect(networksOf(behindProxy('10.0.0.1'))).toEqual([{ name: 'proxy 10.0.0.1', times: 20 }])
})
