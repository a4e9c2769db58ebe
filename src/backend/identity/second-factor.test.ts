import { expect, test } from 'vitest'
import { newRecoveryCodes, newTotpSecret, recoveryHash, totpAddress, totpStep } from './second-factor.js'

/** RFC 6238, appendix B, SHA-1: the last six of its eight digits. */
const rfcSecret = Buffer.from('12345678901234567890')

test.each([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_234_567_890, '005924'],
  [20_000_000_000, '353130'],
])('at second %i the code is %s', (seconds, code) => {
  expect(totpStep(rfcSecret, code, seconds * 1_000)).toBe(Math.floor(seconds / 30))
})

test('the codes of one step before and after are taken as what they are, and no others', () => {
  const step = Math.floor(1_111_111_109 / 30)
  const taken = [-2, -1, 0, 1, 2].map(steps => totpStep(rfcSecret, '081804', (1_111_111_109 + steps * 30) * 1_000))
  expect(taken).toEqual([null, step, step, step, null])
})

test.each(['', '08180', '0818044', 'abcdef', '０８１８０４'])('what is no code is none: %j', code => {
  expect(totpStep(rfcSecret, code, 1_111_111_109_000)).toBeNull()
})

test('authenticators get the product, the account and the secret', () => {
  const { secret, uri } = totpAddress(rfcSecret, 'ada@example.com')
  expect(secret).toBe('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ')
  expect(decodeURIComponent(uri)).toContain('totp/WHIZ LITE:ada@example.com?issuer=WHIZ LITE&secret=GEZDG')
  expect(newTotpSecret()).toHaveLength(20)
})

test('recovery codes differ, and each is known however it is typed', () => {
  const codes = newRecoveryCodes()
  expect(new Set(codes).size).toBe(10)
  const hash = recoveryHash('a', '0123-4567-89ab-cdef')
  expect(recoveryHash('a', ' O123 4567 89AB cdef')).toEqual(hash)
  expect(recoveryHash('a', 'o1234567-89ab-cdef')).toEqual(hash)
  expect(recoveryHash('b', '0123-4567-89ab-cdef')).not.toEqual(hash)
  expect(recoveryHash('a', '0123-4567-89ab')).toBeNull()
  expect(recoveryHash('a', 'uuuu-uuuu-uuuu-uuuu')).toBeNull()
})
