import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { caretAfter, significantBefore } from './caret.js'
import { guessCountry } from './country-guess.js'
import {
  formatTyped,
  likelyCountry,
  listCountries,
  moveToCountry,
  readPhoneNumber,
  type CountryCode,
} from './number-tools.js'

test('countries come with names and calling codes', () => {
  const countries = listCountries()
  expect(countries.length).toBeGreaterThan(200)
  expect(countries).toContainEqual({ code: 'KE', label: 'Kenya (+254)' })
})

test('the clock tells the country, the language only where the clock does not', () => {
  const zones = (country: string) => (country === 'KE' ? ['Africa/Nairobi'] : country === 'DE' ? ['Europe/Berlin'] : [])
  const guess = (timeZone: string, ...languages: string[]) =>
    guessCountry({ timeZone, languages }, ['DE', 'GB', 'KE'], zones)
  expect(guess('Africa/Nairobi', 'en-GB')).toBe('KE')
  expect(guess('UTC', 'en-GB', 'de-DE')).toBe('GB')
  expect(guess('UTC', 'en', 'not a language', 'xx-ZZ')).toBeNull()
  expect(likelyCountry({ timeZone: 'Europe/Berlin', languages: [] })).toBe('DE')
})

test('a calling code names its country, the best known one where several share it', () => {
  const country = (typed: string) => formatTyped(typed, 'KE').country
  expect(['+254', '+49', '+1', '+44', '+7', '+212'].map(country)).toEqual(['KE', 'DE', 'US', 'GB', 'RU', 'MA'])
  expect(formatTyped('+1 2', 'CA').country).toBe('CA')
  expect(moveToCountry('+254 712 345678', 'TZ')).toBe('+255 712 345 678')
  expect(moveToCountry('0712345678', 'KE')).toBe('0712 345678')
})

test('whatever is typed, formatting neither adds nor takes a digit, and does it once', () => {
  const digits = (text: string) => text.replace(/\D/g, '')
  const piece = fc.constantFrom(...Array.from('0123456789+ -()x'))
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 24 }), fc.constantFrom('KE', 'US', 'BR', null), (pieces, country) => {
      const { text, country: next } = formatTyped(pieces.join(''), country)
      expect(digits(text)).toBe(digits(pieces.join('')))
      expect(formatTyped(text, next).text).toBe(text)
    }),
  )
})

test.each([
  ['+5215512345678', 'KE', '525512345678'],
  ['+5491123456789', 'KE', '5491123456789'],
  ['+54111523456789', 'AR', '5491123456789'],
  ['0111523456789', 'AR', '5491123456789'],
  ['254700000011', 'US', '254700000011'],
  ['٠٧١٢٣٤٥٦٧٨', 'KE', '254712345678'],
  ['+٢٥٤٧١٢٣٤٥٦٧٨', 'US', '254712345678'],
  ['+551187650001', 'US', '551187650001'],
] as const)('what %s looks like after typing it in %s is still the same number', (typed, country, digits) => {
  let shown: { text: string; country: CountryCode | null } = { text: '', country }
  for (const sign of typed) shown = formatTyped(shown.text + sign, shown.country)
  expect(shown.text).toMatch(/^[\d +()-]+$/)
  expect(readPhoneNumber(shown.text, shown.country ?? undefined)).toMatchObject({ digits })
  expect(readPhoneNumber(typed, country)).toMatchObject({ digits })
})

test('the digits of any script move to another country', () => {
  expect(moveToCountry('+٢٥٤٧١٢٣٤٥٦٧٨', 'TZ')).toBe('+255 712 345 678')
})

test('the caret keeps the digits before it, whatever the spaces do', () => {
  expect(caretAfter('0712 345678', 4)).toBe(4)
  expect(caretAfter('0712 345678', 5)).toBe(6)
  expect(caretAfter('+254 7', 0)).toBe(0)
  const text = fc.array(fc.constantFrom(...Array.from('0123456789 +')), { maxLength: 16 }).map(all => all.join(''))
  fc.assert(
    fc.property(text, text, (before, after) => {
      const typed = significantBefore(before, before.length)
      const spaced = (before + after).replaceAll(/ /g, '').replace(/(\d{3})(?=\d)/g, '$1 ')
      expect(significantBefore(spaced, caretAfter(spaced, typed))).toBe(typed)
    }),
  )
})
