import { describe, expect, test } from 'vitest'
import { readPhoneNumber } from './phone-number.js'

describe('one number in its common forms', () => {
  test.each([
    ['+254 712 345678'],
    ['+254712345678'],
    ['00254 712 345678'],
    ['254712345678'],
    [' +254 (712) 345-678 '],
    ['+254.712.345.678'],
    ['\u202a+254 712 345678\u202c'],
    ['＋２５４７１２３４５６７８'],
  ])('%j', typed => {
    expect(readPhoneNumber(typed)).toEqual({ digits: '254712345678', international: '+254 712 345678' })
  })

  test('in the form of its country', () => {
    expect(readPhoneNumber('0712 345678', 'KE')).toMatchObject({ digits: '254712345678' })
    expect(readPhoneNumber('712345678', 'KE')).toMatchObject({ digits: '254712345678' })
  })

  test('a country that was guessed wrongly does not change an international number', () => {
    expect(readPhoneNumber('+254712345678', 'DE')).toMatchObject({ digits: '254712345678' })
    expect(readPhoneNumber('00254712345678', 'DE')).toMatchObject({ digits: '254712345678' })
  })
})

test.each([
  ['', 'empty'],
  ['   ', 'empty'],
  ['call me', 'not_a_number'],
  ['+', 'not_a_number'],
  ['0712 345678', 'no_country'],
  ['+999 712 345678', 'no_country'],
  ['+254 71', 'too_short'],
  ['+254 712 345678 901234', 'too_long'],
  ['254712345678@s.whatsapp.net', 'not_a_number'],
  ['+254712345678; drop table', 'not_a_number'],
])('%j is explained: %s', (typed, problem) => {
  expect(readPhoneNumber(typed)).toMatchObject({ problem, message: expect.stringMatching(/\.$/) })
})
