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
    ['+٢٥٤ ٧١٢ ٣٤٥٦٧٨'],
    ['+۲۵۴۷۱۲۳۴۵۶۷۸'],
    ['+२५४ ७१२ ३४५६७८'],
    ['\u2066+\u{1d7d0}\u{1d7d3}\u{1d7d2} 712 345678\u2069'],
  ])('%j', typed => {
    expect(readPhoneNumber(typed)).toEqual({
      digits: '254712345678',
      international: '+254 712 345678',
      country: 'KE',
    })
  })

  test('in the form of its country', () => {
    expect(readPhoneNumber('0712 345678', 'KE')).toMatchObject({ digits: '254712345678' })
    expect(readPhoneNumber('712345678', 'KE')).toMatchObject({ digits: '254712345678' })
  })

  test('a country that was guessed wrongly does not change an international number', () => {
    expect(readPhoneNumber('+254712345678', 'DE')).toMatchObject({ digits: '254712345678' })
    expect(readPhoneNumber('00254712345678', 'DE')).toMatchObject({ digits: '254712345678' })
    // neither without its plus sign: too long for one country, no number of the other
    expect(readPhoneNumber('254700000011', 'US')).toMatchObject({ digits: '254700000011', country: 'KE' })
    expect(readPhoneNumber('254700000011', 'ID')).toMatchObject({ digits: '254700000011', country: 'KE' })
    expect(readPhoneNumber('5215512345678', 'US')).toMatchObject({ digits: '525512345678', country: 'MX' })
  })
})

test.each([
  // Mexico, with the 1 of old mobile numbers: the same subscriber, whose account WhatsApp may name either way
  ['+52 1 55 1234 5678', '525512345678'],
  ['+52 55 1234 5678', '525512345678'],
  ['5215512345678', '525512345678'],
  ['0052 1 55 1234 5678', '525512345678'],
  // Argentina: the 15 of a mobile number called within the country is the 9 of one called from abroad
  ['+54 9 11 2345 6789', '5491123456789'],
  ['+54 11 15 2345 6789', '5491123456789'],
  // without either it may be a landline, which can have WhatsApp too
  ['+54 11 2345 6789', '541123456789'],
  // Brazil, with and without the ninth digit: both are kept as they are typed
  ['+55 11 98765 0001', '5511987650001'],
  ['+55 11 8765 0001', '551187650001'],
])('%j is %s', (typed, digits) => {
  expect(readPhoneNumber(typed)).toMatchObject({ digits })
})

test.each([
  ['55 1234 5678', 'MX', '525512345678'],
  ['011 15 2345-6789', 'AR', '5491123456789'],
  ['11 2345 6789', 'AR', '541123456789'],
  ['(254) 700-0000', 'US', '12547000000'],
] as const)('%j in %s is %s', (typed, country, digits) => {
  expect(readPhoneNumber(typed, country)).toMatchObject({ digits, country })
})

test('a slip in a number of the country does not make it one of another country', () => {
  // 7 is Russia's code, and eleven digits are as many as Russia's numbers have
  const number = readPhoneNumber('71234567891', 'KE')
  expect(number).toMatchObject({ problem: 'too_long', message: expect.stringContaining('put a plus sign before it') })
})

test.each([
  ['', 'empty'],
  ['   ', 'empty'],
  ['call me', 'not_a_number'],
  ['+', 'not_a_number'],
  ['0712 345678', 'no_country'],
  ['+999 712 345678', 'unknown_country'],
  ['00999 712 345678', 'unknown_country'],
  ['999 712 345678', 'no_country'],
  ['+254 71', 'too_short'],
  ['+254 712 345678 901234', 'too_long'],
  ['254712345678@s.whatsapp.net', 'not_a_number'],
  ['+254712345678; drop table', 'not_a_number'],
])('%j is explained: %s', (typed, problem) => {
  expect(readPhoneNumber(typed)).toMatchObject({ problem, message: expect.stringMatching(/\.$/) })
})
