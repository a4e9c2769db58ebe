import { expect, test } from 'vitest'
import { PairingCode } from '../../contract/linking.js'
import { bigLetters } from './big-letters.js'

const alphabet = Array.from('123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ').filter(
  sign => PairingCode.safeParse(`${sign}111-1111`).success,
)

test('every sign that a code can have is drawn, and no two look the same', () => {
  const drawn = alphabet.map(sign => bigLetters(sign).join('\n'))
  expect(drawn).toHaveLength(32)
  expect(new Set(drawn).size).toBe(32)
  for (const letter of drawn) expect(letter).toMatch(/^[█ \n]+$/)
})

test('a whole code fits into a narrow terminal', () => {
  const lines = bigLetters('WXYZ-K7QM')
  expect(lines).toHaveLength(5)
  expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(54)
})
