import { expect, test } from 'vitest'
import fc from 'fast-check'
import * as libsignal from 'libsignal'
import { verifyXeddsa } from './xeddsa.js'

type CurveFunctions = {
  curve: {
    generateKeyPair(): { pubKey: Buffer; privKey: Buffer }
    calculateSignature(privateKey: Uint8Array, message: Uint8Array): Buffer
    verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
  }
}
// the package's own types leave this export out
const { curve } = libsignal as unknown as CurveFunctions

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })

test('takes what libsignal signs, whichever sign the key’s twin has', () => {
  const signs = new Set<number>()
  for (let round = 0; round < 24; round++) {
    const { pubKey, privKey } = curve.generateKeyPair()
    const message = Buffer.from(`round ${round}`)
    const signature = curve.calculateSignature(privKey, message)
    signs.add((signature.at(-1) ?? 0) & 0x80)
    expect(verifyXeddsa(pubKey.subarray(1), message, signature)).toBe(true)
  }
  expect(signs.size).toBe(2)
})

test('refuses a changed bit anywhere: key, message or signature', () => {
  const { pubKey, privKey } = curve.generateKeyPair()
  const key = pubKey.subarray(1)
  const message = Buffer.from('what was signed')
  const signature = curve.calculateSignature(privKey, message)
  const flipped = (value: Uint8Array, bit: number) => {
    const copy = Buffer.from(value)
    const index = Math.floor(bit / 8) % copy.length
    copy.writeUInt8(copy.readUInt8(index) ^ (1 << (bit % 8)), index)
    return copy
  }
  // the top bit of a Montgomery key is not part of it
  for (let bit = 0; bit < 255; bit++) expect(verifyXeddsa(flipped(key, bit), message, signature)).toBe(false)
  for (let bit = 0; bit < 512; bit++) expect(verifyXeddsa(key, message, flipped(signature, bit))).toBe(false)
  for (let bit = 0; bit < message.length * 8; bit++)
    expect(verifyXeddsa(key, flipped(message, bit), signature)).toBe(false)
})

test('answers as libsignal does for bytes of any kind', () => {
  const { pubKey } = curve.generateKeyPair()
  const strange = fc.oneof(bytes(32), fc.constant(new Uint8Array(32)), fc.constant(new Uint8Array(32).fill(255)))
  fc.assert(
    fc.property(fc.oneof(strange, fc.constant(pubKey.subarray(1))), bytes(20), bytes(64), (key, message, signature) => {
      const theirs = curve.verifySignature(Buffer.concat([Buffer.from([5]), key]), message, signature)
      expect(verifyXeddsa(key, message, signature)).toBe(theirs)
    }),
    { numRuns: 60 },
  )
})

test.each([
  [31, 64],
  [33, 64],
  [32, 63],
  [32, 0],
])('refuses a key of %i bytes with a signature of %i', (key, signature) => {
  expect(verifyXeddsa(Buffer.alloc(key), Buffer.from('x'), Buffer.alloc(signature))).toBe(false)
})
