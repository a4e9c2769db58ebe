import { randomBytes } from 'node:crypto'
import { proto } from '@whiskeysockets/baileys'
import { expect, test } from 'vitest'
import { lengthFields } from './length-fields.js'

const all = (bytes: Uint8Array) => [...lengthFields(bytes)].map(([number, content]) => [number, Buffer.from(content)])

test('the fields that say their length come in their order, and numbers beside them are passed over', () => {
  const padding = randomBytes(300)
  const bytes = proto.SyncActionData.encode({ index: Buffer.from('index'), padding, version: -1 }).finish()
  expect(all(bytes)).toEqual([
    [1, Buffer.from('index')],
    [3, padding],
  ])
  expect(all(new Uint8Array())).toEqual([])
})

test('fields of a fixed length are passed over', () => {
  // 1: eight bytes, 2: four, 3: text
  expect(all(Buffer.from('09000000000000000015000000001a0161', 'hex'))).toEqual([[3, Buffer.from('a')]])
})

test.each([
  ['a length without its content', '0a05616263'],
  ['a tag without anything', '0a'],
  ['a number without an end', '08ffff'],
  ['a length beyond all', '0affffffffffff01'],
  ['a fixed field without an end', '09000000'],
  ['a group, which nobody writes any more', '0b0c'],
])('%s is refused', (_, hex) => {
  expect(() => all(Buffer.from(hex, 'hex'))).toThrow(RangeError)
})
