import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashOfSecret, newKeyId, newKeySecret, readKey, writeKey } from './key-text.js'

test('a key is read as it was written', () => {
  for (let i = 0; i < 200; i++) {
    const parts = { id: newKeyId(), secret: newKeySecret() }
    const key = writeKey(parts)
    expect(key).toMatch(/^whiz_live_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/)
    expect(readKey(key)).toEqual(parts)
    expect(hashOfSecret(parts.secret)).toHaveLength(32)
  }
})

test('a sign that is changed, lost, added or swapped is found out without asking anybody', () => {
  const key = writeKey({ id: newKeyId(), secret: newKeySecret() })
  const signs = ['0', '9', 'A', 'Z', 'a', 'z', '_', ' ', '\u0435']
  fc.assert(
    fc.property(fc.nat(key.length - 1), fc.constantFrom(...signs), (at, sign) => {
      for (const broken of [
        key.slice(0, at) + sign + key.slice(at + 1),
        key.slice(0, at) + key.slice(at + 1),
        key.slice(0, at) + sign + key.slice(at),
      ])
        expect(broken === key ? null : readKey(broken)).toBeNull()
    }),
  )
  for (const other of ['', key.toUpperCase(), key.replace('live', 'test'), `${key}\n`, ` ${key}`, key + key])
    expect(readKey(other)).toBeNull()
})

test('all digits come about as often', () => {
  const counts = new Map<string, number>()
  const digits = Array.from({ length: 1_000 }, newKeySecret).join('')
  for (const digit of digits) counts.set(digit, (counts.get(digit) ?? 0) + 1)
  expect(counts.size).toBe(62)
  const expected = digits.length / 62
  for (const count of counts.values()) {
    expect(count).toBeGreaterThan(expected * 0.75)
    expect(count).toBeLessThan(expected * 1.25)
  }
})
