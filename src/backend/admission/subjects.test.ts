import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createSubjects } from './subjects.js'

const { ofNumber, ofRefusedNumber } = createSubjects(randomBytes(32))

test.each([
  ['5511987650001', '551187650001'],
  ['5215512345678', '525512345678'],
  ['5491123456789', '541123456789'],
])('%s and %s are counted together, as they are one subscriber', (one, other) => {
  expect(ofNumber(one)).toEqual(ofNumber(other))
  expect(ofRefusedNumber(one)).toEqual(ofRefusedNumber(other))
  expect(ofNumber(one)).not.toEqual(ofRefusedNumber(one))
})

test('other numbers are counted apart', () => {
  expect(ofNumber('254712345678')).not.toEqual(ofNumber('254712345679'))
  expect(ofNumber('551137650001')).not.toEqual(ofNumber('5511937650001'))
})
