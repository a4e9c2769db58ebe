import { deflateSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { bigEndian, bytesOf, child, children, childUInt, decodeNode, encodeNode, node, textOf } from './node-codec.js'

/** What Baileys' own codec makes of these nodes; a codec that changes the bytes speaks another protocol. */
const FIXTURES = [
  {
    name: 'a keepalive answer',
    value: node('iq', { from: '@s.whatsapp.net', type: 'result', id: '12345.67-1' }),
    hex: '00f8071906fa0003041408ff0512345b67a1',
  },
  {
    name: 'a receipt from a companion',
    value: node('receipt', { id: '3EB0A1B2C3D4E5F60718', from: '49151000001:7@s.whatsapp.net', t: 1_800_000_000 }),
    hex: '00f8070708fb0a3eb0a1b2c3d4e5f6071806f70007ff8649151000001f1aff051800000000',
  },
  {
    name: 'a message by LID with binary content',
    value: node('message', { id: '3A00', from: '123456789012345:2@lid', type: 'text', addressing_mode: 'lid' }, [
      node('enc', { v: 2, type: 'pkmsg' }, Buffer.from('00ff10', 'hex')),
    ]),
    hex: '00f80a1308fb023a0006f70102ff88123456789012345f0438fc0f61646472657373696e675f6d6f646576f801f8061d51450453fc0300ff10',
  },
  {
    name: 'a QR ref',
    value: node('iq', { from: '@s.whatsapp.net', type: 'set', id: 'a1', xmlns: 'md' }, [
      node('pair-device', {}, [node('ref', {}, Buffer.from('2@ref'))]),
    ]),
    hex: '00f80a1906fa0003045a08fc02613116fc026d64f801f802edeef801f802ed50fc053240726566',
  },
]

describe('the node codec', () => {
  test.each(FIXTURES)('writes and reads $name byte for byte', ({ value, hex }) => {
    expect(encodeNode(value).toString('hex')).toBe(hex)
    expect(decodeNode(Buffer.from(hex, 'hex'))).toMatchObject(value)
  })

  test('reads a deflated frame', () => {
    const value = node('ib', {}, [node('offline', { count: 3 })])
    const deflated = Buffer.concat([Buffer.from([2]), deflateSync(encodeNode(value).subarray(1))])
    expect(decodeNode(deflated)).toMatchObject(value)
  })

  test('refuses bytes that are no node', () => {
    expect(() => decodeNode(Buffer.from([0, 0]))).toThrow()
    expect(() => decodeNode(Buffer.from('00f8071906', 'hex'))).toThrow()
  })
})

describe('a node', () => {
  test('has string attributes only, and none that is undefined', () => {
    expect(node('ack', { t: 12, error: undefined })).toEqual({ tag: 'ack', attrs: { t: '12' } })
  })

  test('gives its parts by tag', () => {
    const key = node('key', {}, [node('id', {}, bigEndian(513, 3)), node('value', {}, Buffer.from('v'))])
    const list = node('list', {}, [key, key, node('user')])
    expect(children(list, 'key')).toHaveLength(2)
    expect(children(list)).toHaveLength(3)
    expect(childUInt(key, 'id')).toBe(513)
    expect(textOf(child(key, 'value'))).toBe('v')
    expect(bytesOf(child(key, 'missing'))).toBeUndefined()
    expect(children(undefined, 'key')).toEqual([])
  })
})
