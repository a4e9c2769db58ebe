import {
  AsYouType,
  getCountries,
  getCountryCallingCode,
  isSupportedCountry,
  type CountryCode,
} from 'libphonenumber-js/min'
import { readPhoneNumber, withLatinDigits } from '../../contract/phone-number.js'
import { guessCountry, type Whereabouts } from './country-guess.js'

export { readPhoneNumber }
export type { CountryCode }

/** Everything the number's field needs and the way by QR does not: loaded when the field is first shown. */
export interface Country {
  code: CountryCode
  /** `Kenya (+254)`. */
  label: string
}

/** All countries with their calling codes, in the order of their English names, as the page is in English. */
export function listCountries(): Country[] {
  const names = new Intl.DisplayNames(['en'], { type: 'region' })
  return getCountries()
    .map(code => ({ code, label: `${names.of(code) ?? code} (+${getCountryCallingCode(code)})` }))
    .toSorted((a, b) => a.label.localeCompare(b.label, 'en'))
}

export function likelyCountry(whereabouts: Whereabouts): CountryCode | null {
  return supported(guessCountry(whereabouts, getCountries()))
}

export function supported(code: string | null): CountryCode | null {
  return code !== null && isSupportedCountry(code) ? code : null
}

/** Calling codes of which the first country by letter is not the one most people mean. */
const FOREMOST: Readonly<Record<string, CountryCode>> = {
  '1': 'US',
  '7': 'RU',
  '212': 'MA',
  '358': 'FI',
  '590': 'GP',
  '599': 'CW',
}

/**
 * A number in the making, spaced as its country writes it, and the country it belongs to as far as it says so itself.
 * Never adds or takes a digit: what cannot be formatted stays as it was typed.
 */
export function formatTyped(typed: string, country: CountryCode | null): { text: string; country: CountryCode | null } {
  const as = { text: typed, country }
  const plain = withLatinDigits(typed)
  if (/[^\d\s+().\-/\u2010-\u2015]/.test(plain) || /^\D*00/.test(plain)) return as
  const typer = new AsYouType(country ?? undefined)
  const text = typer.input(plain)
  if (digitsOf(text) !== digitsOf(plain)) return as
  return { text, country: plain.includes('+') ? countryOf(typer, country) : country }
}

function countryOf(typer: AsYouType, known: CountryCode | null): CountryCode | null {
  const calling = typer.getCallingCode()
  if (calling === undefined) return known
  const certain = typer.getCountry()
  if (certain !== undefined) return certain
  if (known !== null && getCountryCallingCode(known) === calling) return known
  return FOREMOST[calling] ?? getCountries().find(code => getCountryCallingCode(code) === calling) ?? known
}

/** The same number after another country was chosen: one with a calling code gets the new country's. */
export function moveToCountry(typed: string, country: CountryCode): string {
  const plain = withLatinDigits(typed)
  if (!plain.includes('+')) return formatTyped(typed, country).text
  const typer = new AsYouType()
  typer.input(plain)
  const national = digitsOf(plain).slice(1 + (typer.getCallingCode()?.length ?? 0))
  return formatTyped(`+${getCountryCallingCode(country)}${national}`, country).text
}

function digitsOf(text: string): string {
  return text.replace(/[^\d+]/g, '')
}
