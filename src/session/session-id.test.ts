import { brotliCompressSync, brotliDecompressSync } from 'node:zlib'
import { BufferJSON, encodeSignedDeviceIdentity, type AuthenticationCreds } from '@whiskeysockets/baileys'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { plainAppStateKey } from './app-state-key.js'
import { decodeSessionId } from './decode-session-id.js'
import { checksumOf, encodeSessionId, MAX_SESSION_ID_LENGTH } from './encode-session-id.js'
import { essentialCreds } from './essential-creds.js'
import { IdRanges } from './id-ranges.js'
import { SessionIdError } from './session-id-error.js'
import { linkedCreds, linkedSource } from './session-id.fixture.js'

const failing = (code: string): unknown => expect.objectContaining({ name: 'SessionIdError', code })

/** A compact string around any payload, with a checksum that fits: what an attacker can make. */
function forged(payload: Buffer, version = 1): string {
  const frame = Buffer.concat([Uint8Array.of(version), checksumOf(version, payload), payload])
  return `WHIZLITE_${frame.toString('base64url').replaceAll('_', '.')}`
}

/** Every `step`th of the 812 ids of a first upload. */
function used(step: number): number[] {
  return Array.from({ length: 812 / step }, (_, i) => 1 + i * step)
}

/** Refused with a typed error that quotes no eight characters of the input in a row. */
function expectRefused(input: string): void {
  try {
    decodeSessionId(input)
  } catch (error) {
    if (!(error instanceof SessionIdError)) throw error
    const told = `${error.message} ${JSON.stringify(Object.values(error))} ${error.stack?.split('\n')[0]}`
    const quoted = Array.from(input.slice('WHIZLITE_'.length, -8), (_, at) => input.slice(at + 9, at + 17))
    expect(quoted.some(part => told.includes(part))).toBe(false)
    expect(error.cause).toBeUndefined()
    return
  }
  throw new Error('a damaged string was accepted')
}

describe('the compact form', () => {
  test('brings back everything a bot needs, and only letters, digits, dots and dashes after the prefix', () => {
    const source = linkedSource()
    const text = encodeSessionId(source)
    expect(text).toMatch(/^WHIZLITE_[A-Za-z0-9.-]+$/u)
    const contents = decodeSessionId(text)
    expect(contents.creds).toEqual(essentialCreds(source.creds))
    const keys = Object.entries(source.appStateSyncKeys).map(([id, key]) => [id, plainAppStateKey(key)])
    expect(contents.appStateSyncKeys).toEqual(Object.fromEntries(keys))
    expect(contents.preKeys).toEqual({ seed: source.preKeys?.seed, usedIds: [[1, 3], 9] })
    expect(contents.lidMapping).toEqual({ pn: '254700000001', lid: '183000000000001' })
    expect(contents.account).toEqual({
      jid: '254700000001:7@s.whatsapp.net',
      number: '254700000001',
      lid: '183000000000001:7@lid',
      name: 'Wanjirũ 🌍',
    })
  })

  test('gives Baileys the same device identity on the wire', () => {
    const source = linkedSource()
    const { account } = decodeSessionId(encodeSessionId(source)).creds
    expect(encodeSignedDeviceIdentity(account ?? {}, true)).toEqual(
      encodeSignedDeviceIdentity(source.creds.account ?? {}, true),
    )
  })

  test('carries the device identity of credentials that were stored as JSON', () => {
    const source = linkedSource()
    const creds = JSON.parse(
      JSON.stringify(source.creds, BufferJSON.replacer),
      BufferJSON.reviver,
    ) as AuthenticationCreds
    expect(creds.account?.details).toBeTypeOf('string')
    expect(decodeSessionId(encodeSessionId({ ...source, creds })).creds.account).toEqual(
      essentialCreds(source.creds).account,
    )
  })

  test('stays far below the limit for a normal account, whatever was used, and refuses what does not fit', () => {
    expect(encodeSessionId(linkedSource()).length).toBeLessThan(1_400)
    const source = linkedSource(12)
    const seed = Buffer.alloc(32, 1)
    expect(encodeSessionId({ ...source, preKeys: { seed, usedIds: used(1) } }).length).toBeLessThan(2_400)
    expect(encodeSessionId({ ...source, preKeys: { seed, usedIds: used(2) } }).length).toBeLessThan(2_400)
    expect(() => encodeSessionId(linkedSource(80))).toThrow(failing('too_long'))
  })

  test('round trips for any contents', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 40 })
    const counter = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
    const usedIds = fc.uniqueArray(fc.integer({ min: 1, max: 0xff_ff_ff }), { maxLength: 60 })
    const creds = fc.record({
      me: fc.record({ id: text.filter(Boolean), lid: text.filter(Boolean), name: text.filter(Boolean) }),
      registrationId: counter,
      firstUnuploadedPreKeyId: counter,
      nextPreKeyId: counter,
      accountSyncCounter: counter,
      registered: fc.boolean(),
      accountSettings: fc.record({ unarchiveChats: fc.boolean() }),
      routingInfo: fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.from(bytes)),
    })
    const base = linkedSource()
    fc.assert(
      fc.property(creds, usedIds, fc.uint8Array({ minLength: 32, maxLength: 32 }), (changes, ids, seed) => {
        const source = { ...base, creds: { ...base.creds, ...changes }, preKeys: { seed, usedIds: ids } }
        const contents = decodeSessionId(encodeSessionId(source))
        expect(contents.creds).toEqual(essentialCreds(source.creds))
        expect(contents.preKeys).toEqual({ seed: Buffer.from(seed), usedIds: new IdRanges(ids).list() })
      }),
    )
  })

  test('accepts the space that copying leaves around it', () => {
    const source = linkedSource()
    expect(decodeSessionId(`\n ${encodeSessionId(source)} \n`).account.number).toBe('254700000001')
  })

  test('takes another prefix when both sides agree', () => {
    const text = encodeSessionId(linkedSource(), { prefix: 'MY-BOT_' })
    expect(text.startsWith('MY-BOT_')).toBe(true)
    expect(decodeSessionId(text, { prefix: 'MY-BOT_' }).account.number).toBe('254700000001')
    expect(() => decodeSessionId(text)).toThrow(failing('wrong_prefix'))
    expect(() => encodeSessionId(linkedSource(), { prefix: 'a b' })).toThrow(failing('bad_prefix'))
  })

  test('leaves nothing of other people and nothing temporary in the string', () => {
    const { creds } = decodeSessionId(encodeSessionId(linkedSource()))
    expect(creds).toMatchObject({ processedHistoryMessages: [], pairingCode: undefined, lastPropHash: undefined })
    expect(creds.me).not.toHaveProperty('notify')
  })
})

describe('a damaged or hostile string', () => {
  const text = encodeSessionId(linkedSource())

  test('every single changed character is found', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-'
    for (let at = 0; at < text.length; at += 1) {
      const others = at < 12 || at > text.length - 3 ? `${alphabet}_{=/+` : 'Ae.{=_'
      for (const other of others) if (other !== text[at]) expectRefused(text.slice(0, at) + other + text.slice(at + 1))
    }
  })

  test('every truncation, addition, doubling and swap is found', () => {
    for (let length = 0; length < text.length; length += 1) expectRefused(text.slice(0, length))
    for (const more of ['A', '=', 'AAAA', '.', text]) expectRefused(text + more)
    for (let at = 0; at + 1 < text.length; at += 1) {
      const swapped = text.slice(0, at) + text.charAt(at + 1) + text.charAt(at) + text.slice(at + 2)
      if (swapped !== text) expectRefused(swapped)
    }
  })

  test('every case has its own code', () => {
    expect(() => decodeSessionId(text.toLowerCase())).toThrow(failing('wrong_prefix'))
    expect(() => decodeSessionId(forged(Buffer.from('x'), 2))).toThrow(failing('unsupported_version'))
    expect(() => decodeSessionId(forged(Buffer.from('x'), 0))).toThrow(failing('corrupt'))
    expect(() => decodeSessionId('WHIZLITE_')).toThrow(failing('corrupt'))
    expect(() => decodeSessionId(`WHIZLITE_${'A'.repeat(MAX_SESSION_ID_LENGTH)}`)).toThrow(failing('too_long'))
    expect(() => decodeSessionId(`WHIZLITE_{${'x'.repeat(2 ** 20)}`)).toThrow(failing('too_long'))
  })

  test('a decompression bomb is cut off', () => {
    const bomb = forged(brotliCompressSync(Buffer.alloc(8 * 2 ** 20)))
    expect(bomb.length).toBeLessThan(MAX_SESSION_ID_LENGTH)
    expect(() => decodeSessionId(bomb)).toThrow(failing('too_large'))
  })

  test('any payload with a fitting checksum is refused or read, never anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), bytes => {
        expectRefused(forged(Buffer.from(bytes)))
        expectRefused(forged(brotliCompressSync(bytes)))
      }),
    )
  })

  test('contents changed by somebody who can compute the checksum are read or refused, and nothing else', () => {
    const frame = Buffer.from(text.slice('WHIZLITE_'.length).replaceAll('.', '_'), 'base64url')
    const layout = brotliDecompressSync(frame.subarray(9))
    const change = fc.record({ at: fc.nat(layout.length - 1), put: fc.uint8Array({ maxLength: 9 }), cut: fc.nat(9) })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), changes => {
        const changed = changes.reduce(
          (bytes, { at, put, cut }) => Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]),
          layout,
        )
        try {
          decodeSessionId(forged(brotliCompressSync(changed)))
        } catch (error) {
          expect(error).toBeInstanceOf(SessionIdError)
        }
      }),
      { numRuns: 400 },
    )
  })

  test('any text at all is refused', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), garbage => expectRefused(`WHIZLITE_${garbage}`)))
    fc.assert(fc.property(fc.json(), json => expectRefused(`WHIZLITE_${Buffer.from(json).toString('base64')}`)))
    fc.assert(fc.property(fc.jsonValue(), value => expectRefused(`WHIZLITE_${JSON.stringify({ value })}`)))
    expectRefused(`WHIZLITE_{"a":${'['.repeat(500_000)}`)
  })

  test('JSON that names __proto__ changes no prototype and reaches no credential', () => {
    const json = JSON.stringify(linkedCreds(), BufferJSON.replacer)
    const hostile = json
      .replace('{', '{"__proto__":{"registered":true,"polluted":1},"constructor":{"prototype":{"polluted":1}},')
      .replace('"me":{', '"me":{"__proto__":{"polluted":1},')
    const { creds } = decodeSessionId(`WHIZLITE_${hostile}`)
    expect(creds.registered).toBe(false)
    expect(creds).not.toHaveProperty('polluted')
    expect(creds.me).not.toHaveProperty('polluted')
    expect({}).not.toHaveProperty('polluted')
    expect(Object.getPrototypeOf(creds)).toBe(Object.prototype)
  })
})

describe('encoding', () => {
  test('refuses accounts never linked and keys that do not fit together', () => {
    const source = linkedSource()
    const { me: _, ...unlinked } = source.creds
    expect(() => encodeSessionId({ ...source, creds: unlinked })).toThrow(failing('not_linked'))
    const noiseKey = { private: source.creds.noiseKey.private, public: Buffer.alloc(32) }
    expect(() => encodeSessionId({ ...source, creds: { ...source.creds, noiseKey } })).toThrow(
      failing('invalid_contents'),
    )
    const bad = [
      { ...source, preKeys: { seed: Buffer.alloc(31), usedIds: [] } },
      { ...source, preKeys: { seed: Buffer.alloc(32), usedIds: [0x1_00_00_00] } },
      { ...source, preKeys: { seed: Buffer.alloc(32), usedIds: [1.5] } },
      { ...source, creds: { ...source.creds, advSecretKey: 'not base64!' } },
      { ...source, creds: { ...source.creds, registrationId: -1 } },
      { ...source, appStateSyncKeys: { 'not base64!': {} } },
    ]
    for (const contents of bad) expect(() => encodeSessionId(contents)).toThrow(failing('invalid_contents'))
  })
})
