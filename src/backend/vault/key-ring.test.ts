import { createSecretKey, randomBytes, randomUUID } from 'node:crypto'
import { inspect } from 'node:util'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createKeyRing, dataKeyOf, type Cell, type DataKey, type KeyRing } from './key-ring.js'
import type { Scope } from './scope.js'

const failing = (code: unknown): unknown => expect.objectContaining({ name: 'VaultError', code })
const anyCode = expect.any(String)

const scope: Scope = { workspaceId: randomUUID(), sessionId: randomUUID() }
const cell: Cell = { table: 'signal_keys', column: 'value', row: '["session","1.0"]' }
const bytes = randomBytes(32)
const id = randomUUID()
const dataKey = (of = id, key = bytes): DataKey => dataKeyOf(of, createSecretKey(key))
const sealerFor = (place: Scope = scope, key: DataKey = dataKey()): KeyRing => createKeyRing(place, [key])

describe('a sealed value', () => {
  const sealer = sealerFor()
  const secret = Buffer.from('the noise key of an account')
  const sealed = sealer.seal(cell, secret)

  test('opens in its place, byte for byte, and hides the plaintext', () => {
    expect(sealer.open(cell, sealed)).toEqual(secret)
    expect(sealed.includes(secret.subarray(0, 6))).toBe(false)
    expect(sealed).toHaveLength(1 + 1 + 16 + 12 + secret.length + 16)
    expect(sealed.subarray(2, 18).toString('hex')).toBe(id.replaceAll('-', ''))
  })

  test('is never the same twice', () => {
    const nonces = new Set(Array.from({ length: 1_000 }, () => sealer.seal(cell, secret).toString('hex', 18, 30)))
    expect(nonces.size).toBe(1_000)
  })

  test('does not open with any bit of any byte flipped', () => {
    for (let at = 0; at < sealed.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const changed = Buffer.from(sealed)
        changed.writeUInt8(changed.readUInt8(at) ^ (1 << bit), at)
        expect(() => sealer.open(cell, changed)).toThrow(failing(anyCode))
      }
    }
  })

  test('does not open truncated or extended at either end', () => {
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => sealer.open(cell, sealed.subarray(0, length))).toThrow(failing(anyCode))
      expect(() => sealer.open(cell, sealed.subarray(sealed.length - length))).toThrow(failing(anyCode))
    }
    expect(() => sealer.open(cell, Buffer.concat([sealed, Buffer.of(0)]))).toThrow(failing('tampered'))
  })

  test.each([
    ['row', { ...cell, row: '["session","1.1"]' }],
    ['column', { ...cell, column: 'plaintext' }],
    ['table', { ...cell, table: 'inbound_journal' }],
    ['shifted field border', { ...cell, table: 'signal_keysvalue', column: '' }],
  ])('does not open in another %s', (_, other) => {
    expect(() => sealer.open(other, sealed)).toThrow(failing('tampered'))
  })

  test.each([
    ['session', { ...scope, sessionId: randomUUID() }],
    ['workspace', { ...scope, workspaceId: randomUUID() }],
    ['scope without a session', { ...scope, sessionId: null }],
  ])('does not open in another %s, even with the same data key', (_, other) => {
    expect(() => sealerFor(other).open(cell, sealed)).toThrow(failing('tampered'))
  })

  test('does not open with another key, nor under another key id', () => {
    expect(() => sealerFor(scope, dataKey(id, randomBytes(32))).open(cell, sealed)).toThrow(failing('tampered'))
    expect(() => sealerFor(scope, dataKey(randomUUID())).open(cell, sealed)).toThrow(failing('unknown_key'))
  })

  test('of an older key still opens while the newest one seals', () => {
    const newest = dataKey(randomUUID(), randomBytes(32))
    const rotated = createKeyRing(scope, [newest, dataKey()])
    expect(rotated.open(cell, sealed)).toEqual(secret)
    expect(rotated.keyId).toBe(newest.id)
    expect(() => sealer.open(cell, rotated.seal(cell, secret))).toThrow(failing('unknown_key'))
  })
})

describe('sealing', () => {
  test('round trips any bytes in any place, and opens nowhere else', () => {
    const place = fc.record({ table: fc.string(), column: fc.string(), row: fc.string({ unit: 'grapheme' }) })
    const sealer = sealerFor()
    fc.assert(
      fc.property(place, place, fc.uint8Array({ maxLength: 2_000 }), (here, there, plaintext) => {
        const sealed = sealer.seal(here, plaintext)
        expect(sealer.open(here, sealed)).toEqual(Buffer.from(plaintext))
        fc.pre(JSON.stringify(here) !== JSON.stringify(there))
        expect(() => sealer.open(there, sealed)).toThrow(failing('tampered'))
      }),
    )
  })

  test('round trips any JSON value', () => {
    const sealer = sealerFor()
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        const expected: unknown = JSON.parse(JSON.stringify(value))
        expect(sealer.openJson(cell, sealer.sealJson(cell, value))).toEqual(expected)
      }),
    )
  })

  test('refuses what is no JSON, without telling what it was', () => {
    const sealer = sealerFor()
    expect(() => sealer.sealJson(cell, undefined)).toThrow(failing('not_json'))
    expect(() => sealer.sealJson(cell, { secret: 1n })).toThrow(failing('not_json'))
    expect(() => sealer.openJson(cell, sealer.seal(cell, Buffer.from('secret')))).toThrow(failing('not_json'))
  })

  test('stops when the key has sealed enough, and still opens', () => {
    const sealer = createKeyRing(scope, [dataKey()], 2)
    const sealed = sealer.seal(cell, bytes)
    sealer.seal(cell, bytes)
    expect(() => sealer.seal(cell, bytes)).toThrow(failing('key_exhausted'))
    expect(sealer.open(cell, sealed)).toEqual(bytes)
  })

  test('shows no key to whoever prints a sealer', () => {
    const shown = inspect(sealerFor(), { depth: 9, showHidden: true }) + JSON.stringify(sealerFor())
    expect(shown).not.toContain(bytes.toString('hex'))
    expect(shown).not.toContain(bytes.toString('base64'))
    expect(shown).not.toContain('<Buffer')
  })
})
