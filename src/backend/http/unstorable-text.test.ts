import { expect, test } from 'vitest'
import { unstorableText } from './unstorable-text.js'

test.each([
  [{ name: 'a\0b' }, 'name'],
  [{ a: { b: ['fine', 'half \ud83d'] } }, 'a.b[1]'],
  [{ list: [{ id: '\udc00' }] }, 'list[0].id'],
])('%j cannot be stored', (value, path) => {
  expect(unstorableText(value)).toBe(path)
})

test('everything else can, signs of two halves too', () => {
  expect(unstorableText({ name: '😀 ٢ \u202e\u0301', count: 1, none: null, list: [true, ''] })).toBeNull()
})
