import { expect, test } from 'vitest'
import { printable, wrap } from './printable.js'

test('nothing that a terminal obeys passes', () => {
  expect(printable('Am\u001b[2Jina\u0007\u009b31m')).toBe('Am [2Jina  31m')
  expect(printable('evil\u202etxt\u2066')).toBe('evil txt')
  expect(printable(' Wanjirũ 🌍 ')).toBe('Wanjirũ 🌍')
})

test('lines break between words and never exceed their width', () => {
  expect(wrap('one two three', 8)).toEqual(['one two', 'three'])
  expect(wrap('incomprehensible', 6)).toEqual(['incomp', 'rehens', 'ible'])
  expect(wrap('', 10)).toEqual([''])
})
