import { expect, test } from 'vitest'
import { parseArguments } from '../arguments.js'
import { addressOptions, gatewayAddress, shown } from './gateway-address.js'

const command = { name: 'x', summary: '', usage: '', details: '', options: addressOptions, operands: [] }
const addressOf = (words: string[], env = {}): string =>
  shown(gatewayAddress(parseArguments({ ...command, load: () => Promise.reject(new Error()) }, words), env))

test('without an address it is the gateway of this machine', () => {
  expect(addressOf([])).toBe('http://localhost:3000')
  expect(addressOf([], { PORT: '4100' })).toBe('http://localhost:4100')
})

test('a path below a host is kept', () => {
  expect(addressOf(['--url', 'https://example.com/whatsapp'])).toBe('https://example.com/whatsapp')
  expect(addressOf(['--url', 'https://example.com/?q#f'])).toBe('https://example.com')
})

test.each(['http://localhost:3000', 'http://127.0.0.1', 'http://[::1]:3000', 'https://link.example.com'])(
  '%s is taken',
  url => {
    expect(addressOf(['--url', url])).toBe(url)
  },
)

test.each([
  'http://link.example.com',
  'http://10.0.0.7:3000',
  'http://127.0.0.1.example.com',
  'http://localhost.example.com',
])('%s is refused unless plain http is asked for', url => {
  expect(() => addressOf(['--url', url])).toThrow('could be read by anybody on the way')
  expect(addressOf(['--url', url, '--insecure'])).toBe(url)
})

test('a password does not belong into an address', () => {
  expect(() => addressOf(['--url', 'https://me:word@example.com'])).toThrow('must not hold')
})
