import { expect, test } from 'vitest'
import { isSameNumber } from './expected-number.js'

test.each([
  ['254712345678', '254712345678', true],
  ['254712345678', '254712345679', false],
  ['254712345678', '25471234567', false],
  // Mexico, with and without the 1 of old mobile numbers
  ['525512345678', '5215512345678', true],
  ['5215512345678', '525512345678', true],
  ['525512345678', '5215512345679', false],
  // Argentina, with and without the 9 of mobile numbers
  ['541123456789', '5491123456789', true],
  ['5491123456789', '541123456789', true],
  ['541123456789', '5491123456780', false],
  // Brazil, with and without the ninth digit
  ['5511987654321', '551187654321', true],
  ['551187654321', '5511987654321', true],
  ['5511987654321', '552187654321', false],
  ['5511934567890', '551134567890', false],
  // the same digits elsewhere are another number
  ['12125550123', '1212555012', false],
])('%s typed, %s linked: %s', (typed, linked, same) => {
  expect(isSameNumber(typed, linked)).toBe(same)
})
