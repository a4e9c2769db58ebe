import { randomBytes, randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { keyEncryptionKey } from './key-encryption-key.js'

const failing = (code: string): unknown => expect.objectContaining({ name: 'VaultError', code })

const secret = randomBytes(32)
const scope = { workspaceId: randomUUID(), sessionId: randomUUID() }
const id = randomUUID()
const dataKey = randomBytes(32)

test('the same secret gives the same short public id, another secret another', () => {
  expect(keyEncryptionKey(secret).id).toMatch(/^[0-9a-f]{16}$/u)
  expect(keyEncryptionKey(Buffer.from(secret)).id).toBe(keyEncryptionKey(secret).id)
  expect(keyEncryptionKey(randomBytes(32)).id).not.toBe(keyEncryptionKey(secret).id)
  expect(secret.toString('hex')).not.toContain(keyEncryptionKey(secret).id)
})

test('a short secret is refused', () => {
  expect(() => keyEncryptionKey(randomBytes(31))).toThrow(failing('weak_secret'))
})

test('a wrapped key opens for its own scope, id and secret only', () => {
  const kek = keyEncryptionKey(secret)
  const wrapped = kek.wrap(scope, id, dataKey)
  expect(kek.unwrap(scope, id, wrapped).export()).toEqual(dataKey)
  expect(() => kek.unwrap({ ...scope, sessionId: null }, id, wrapped)).toThrow(failing('tampered'))
  expect(() => kek.unwrap({ ...scope, sessionId: randomUUID() }, id, wrapped)).toThrow(failing('tampered'))
  expect(() => kek.unwrap({ ...scope, workspaceId: randomUUID() }, id, wrapped)).toThrow(failing('tampered'))
  expect(() => kek.unwrap(scope, randomUUID(), wrapped)).toThrow(failing('tampered'))
  expect(() => keyEncryptionKey(randomBytes(32)).unwrap(scope, id, wrapped)).toThrow(failing('tampered'))
})

test('no changed byte of a wrapped key is accepted', () => {
  const kek = keyEncryptionKey(secret)
  const wrapped = kek.wrap(scope, id, dataKey)
  for (let at = 0; at < wrapped.length; at += 1) {
    const changed = Buffer.from(wrapped)
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
    expect(() => kek.unwrap(scope, id, changed)).toThrow(failing(at === 0 ? 'unknown_format' : 'tampered'))
  }
  expect(() => kek.unwrap(scope, id, Buffer.alloc(0))).toThrow(failing('unknown_format'))
  expect(() => kek.unwrap(scope, id, kek.wrap(scope, id, randomBytes(16)))).toThrow(failing('unknown_format'))
})
