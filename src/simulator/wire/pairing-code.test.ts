import { derivePairingCodeKey, aesEncryptCTR, aesEncryptGCM, hkdf } from '@whiskeysockets/baileys'
import { expect, test } from 'vitest'
import { BUNDLE_BYTES, linkSecret, openBundle, unwrapKey, WRAPPED_KEY_BYTES, wrapKey } from './pairing-code.js'

const bytes = (first: number, length: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, at) => (first + at) % 256))
const hex = (spaced: string): string => spaced.replaceAll(' ', '')

test('a wrapped key has known bytes, and opens to something else under another code', async () => {
  const wrapped = Buffer.concat([
    bytes(0, 32),
    bytes(100, 16),
    Buffer.from(hex('fcf17e03b7828c3c 884d40559a2e4152 64b88847c6468794 b69c9b1286816bfb'), 'hex'),
  ])
  expect(await unwrapKey('ABCD1234', wrapped)).toEqual(bytes(7, 32))
  expect(await unwrapKey('ABCD1235', wrapped)).not.toEqual(bytes(7, 32))
})

test("a key wrapped as Baileys does it opens, and one's own is 80 bytes that differ each time", async () => {
  const key = await derivePairingCodeKey('ZYXW9876', bytes(1, 32))
  const theirs = Buffer.concat([bytes(1, 32), bytes(2, 16), aesEncryptCTR(bytes(3, 32), key, bytes(2, 16))])
  expect(await unwrapKey('ZYXW9876', theirs)).toEqual(bytes(3, 32))
  const [first, second] = [await wrapKey('ZYXW9876', bytes(9, 32)), await wrapKey('ZYXW9876', bytes(9, 32))]
  expect(first).toHaveLength(WRAPPED_KEY_BYTES)
  expect(first.equals(second)).toBe(false)
  expect(await unwrapKey('ZYXW9876', first)).toEqual(bytes(9, 32))
})

test('a bundle opens with the secret it was made for and no other', () => {
  const [secret, salt, nonce] = [bytes(1, 32), bytes(50, 32), bytes(90, 12)]
  const key = hkdf(secret, 32, { salt, info: 'link_code_pairing_key_bundle_encryption_key' })
  const plain = Buffer.concat([bytes(10, 32), bytes(20, 32), bytes(30, 32)])
  const bundle = Buffer.concat([salt, nonce, aesEncryptGCM(plain, key, nonce, Buffer.alloc(0))])
  expect(bundle).toHaveLength(BUNDLE_BYTES)
  expect(openBundle(secret, bundle)).toEqual({
    companionIdentity: bytes(10, 32),
    primaryIdentity: bytes(20, 32),
    random: bytes(30, 32),
  })
  expect(openBundle(bytes(2, 32), bundle)).toBeUndefined()
})

test('the secret of a link is a known one', () => {
  const [ephemeral, identity, random] = [bytes(1, 32), bytes(2, 32), bytes(3, 32)]
  const secret = linkSecret(ephemeral, identity, random)
  expect(secret.toString('hex')).toBe(hex('d50a03fa4860670d d5187c08b355e225 8ac592270f5f5240 ef851a3acfa65bfb'))
  expect(secret).toEqual(Buffer.from(hkdf(Buffer.concat([ephemeral, identity, random]), 32, { info: 'adv_secret' })))
})
