import { BufferJSON, initAuthCreds } from '@whiskeysockets/baileys'
import { describe, expect, test } from 'vitest'
import { decodeSessionId } from './decode-session-id.js'
import { encodeSessionId } from './encode-session-id.js'
import { essentialCreds } from './essential-creds.js'
import { linkedCreds, linkedSource } from './session-id.fixture.js'

const failing = (code: string): unknown => expect.objectContaining({ name: 'SessionIdError', code })

describe('the plain forms', () => {
  const creds = linkedCreds()
  const json = JSON.stringify(creds, BufferJSON.replacer)

  test.each([
    ['JSON as Baileys writes it', json],
    ['JSON with Node buffers', JSON.stringify(creds)],
    ['indented JSON', JSON.stringify(JSON.parse(json), null, 2)],
    ['base64', Buffer.from(json).toString('base64')],
    ['base64 of indented JSON', Buffer.from(JSON.stringify(JSON.parse(json), null, 2)).toString('base64')],
    ['base64url', Buffer.from(json).toString('base64url')],
  ])('reads %s', (_, text) => {
    const contents = decodeSessionId(`WHIZLITE_${text}`)
    expect(contents.creds).toEqual(essentialCreds(creds))
    expect(contents).toMatchObject({ preKeys: null, appStateSyncKeys: {}, account: { number: '254700000001' } })
  })

  test('reads the numbered objects that a plain JSON.stringify makes of byte arrays', () => {
    const array = { ...creds.noiseKey, private: Uint8Array.from(creds.noiseKey.private) }
    const text = JSON.stringify({ ...creds, noiseKey: array })
    expect(decodeSessionId(`WHIZLITE_${text}`).creds.noiseKey).toEqual(essentialCreds(creds).noiseKey)
  })

  test('refuses JSON of something else, of nobody, and keys that do not fit together', () => {
    const without = { ...creds, me: undefined }
    expect(() => decodeSessionId(`WHIZLITE_${JSON.stringify(without)}`)).toThrow(failing('not_linked'))
    expect(() => decodeSessionId(`WHIZLITE_{"a":1}`)).toThrow(failing('not_a_session'))
    expect(() => decodeSessionId(`WHIZLITE_${json.slice(0, -1)}`)).toThrow(failing('corrupt'))
    const mixed = JSON.stringify({ ...creds, noiseKey: { ...creds.noiseKey, private: Buffer.alloc(32, 9) } })
    expect(() => decodeSessionId(`WHIZLITE_${mixed}`)).toThrow(failing('invalid_contents'))
  })
})

describe('the JSON form for older bots', () => {
  test('is what their JSON reader expects, within the limit, with pre-key ids nobody knows yet', () => {
    const source = linkedSource()
    const text = encodeSessionId(source, { format: 'json' })
    const read: unknown = JSON.parse(text.slice('WHIZLITE_'.length), BufferJSON.reviver)
    expect(read).toMatchObject({
      noiseKey: source.creds.noiseKey,
      signedPreKey: source.creds.signedPreKey,
      me: { id: '254700000001:7@s.whatsapp.net' },
      account: { details: Buffer.from(source.creds.account?.details ?? []).toString('base64') },
      firstUnuploadedPreKeyId: 1630,
      nextPreKeyId: 1630,
      processedHistoryMessages: [],
    })
    expect(Object.keys(initAuthCreds()).filter(field => !(field in Object(read)))).toEqual([
      'pairingCode',
      'lastPropHash',
      'additionalData',
    ])
    const { creds } = decodeSessionId(text)
    expect(creds).toEqual({ ...essentialCreds(source.creds), firstUnuploadedPreKeyId: 1630 })
  })
})
