import { expect, test } from 'vitest'
import { journalHash, type Received } from './journal-hash.js'

const received: Received = {
  group: '1203@g.us',
  author: '4915@lid.3',
  type: 'skmsg',
  ciphertext: Uint8Array.of(1, 2, 3),
}

test('the same message has the same hash, whatever holds its bytes', () => {
  expect(journalHash({ ...received, ciphertext: Buffer.from([1, 2, 3]) })).toEqual(journalHash(received))
})

test.each<[string, Partial<Received>]>([
  ['group', { group: null }],
  ['author', { author: '4916@lid.3' }],
  ['type', { type: 'msg' }],
  ['ciphertext', { ciphertext: Uint8Array.of(1, 2, 4) }],
  ['border between two parts', { author: '4915@lid.3s', type: 'kmsg' }],
])('another %s is another hash', (_what, change) => {
  expect(journalHash({ ...received, ...change })).not.toEqual(journalHash(received))
})
