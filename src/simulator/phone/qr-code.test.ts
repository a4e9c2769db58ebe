import { expect, test } from 'vitest'
import { parseQrCode } from './qr-code.js'

const key = Buffer.alloc(32, 1).toString('base64')

test('a linking code gives its ref and three keys, with or without the address before it', () => {
  for (const start of ['https://wa.me/settings/linked_devices#', '']) {
    const code = parseQrCode(`${start}2@ref,${key},${key},${key},1`)
    expect(code).toMatchObject({ ref: '2@ref', advSecret: Buffer.alloc(32, 1) })
  }
})

test.each(['', 'hello', `2@ref,${key},${key},1`, `2@ref,${key},${key},c2hvcnQ=,1`, `,${key},${key},${key},1`])(
  'no linking code: %s',
  text => {
    expect(() => parseQrCode(text)).toThrow(expect.objectContaining({ code: 'qr_malformed' }))
  },
)
