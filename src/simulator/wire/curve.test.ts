import { randomBytes } from 'node:crypto'
import * as curve from 'libsignal/src/curve.js'
import { describe, expect, test } from 'vitest'
import { agree, generateKeyPair, sign, signalKey, verify } from './curve.js'

describe('XEdDSA', () => {
  test('agrees with libsignal about right and wrong signatures', () => {
    for (let round = 0; round < 12; round++) {
      const pair = generateKeyPair()
      const message = randomBytes(50)
      const signature = sign(pair.privateKey, message)
      expect(sign(pair.privateKey, message)).toEqual(signature)
      const forged = Buffer.from(signature)
      forged[round] = (forged[round] ?? 0) ^ 1
      for (const candidate of [signature, forged]) {
        const expected = curve.verifySignature(signalKey(pair.publicKey), message, candidate)
        expect(verify(pair.publicKey, message, candidate)).toBe(expected)
      }
      expect(verify(pair.publicKey, message, signature)).toBe(true)
      expect(verify(generateKeyPair().publicKey, message, signature)).toBe(false)
    }
  })

  test('calls malformed input wrong instead of throwing', () => {
    const { publicKey } = generateKeyPair()
    expect(verify(publicKey, Buffer.from('m'), Buffer.alloc(63))).toBe(false)
    expect(verify(publicKey.subarray(1), Buffer.from('m'), Buffer.alloc(64))).toBe(false)
    expect(verify(Buffer.alloc(32, 255), Buffer.from('m'), Buffer.alloc(64, 255))).toBe(false)
  })
})

test('both sides of an agreement come to the same secret', () => {
  const [a, b] = [generateKeyPair(), generateKeyPair()]
  expect(agree(a, b.publicKey)).toEqual(agree(b, a.publicKey))
  expect(agree(a, b.publicKey)).toEqual(curve.calculateAgreement(signalKey(b.publicKey), a.privateKey))
})
