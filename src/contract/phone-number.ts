import {
  parsePhoneNumberFromString,
  validatePhoneNumberLength,
  type CountryCode,
  type PhoneNumber as ParsedNumber,
} from 'libphonenumber-js/min'

export type { CountryCode }

/**
 * Digits with the country code, as WhatsApp names an account; `international` is the same number as people write it. `country` is left out
 * where several share the code and the digits do not tell.
 */
export type PhoneNumber = { digits: string; international: string; country?: CountryCode }

/** Why a number cannot be meant, told before anything is sent. Says nothing about whether it is on WhatsApp. */
export type PhoneNumberProblem = {
  problem: 'empty' | 'not_a_number' | 'no_country' | 'unknown_country' | 'too_short' | 'too_long'
  message: string
}

const problems = {
  empty: 'Type the number of the phone whose WhatsApp you want to link.',
  not_a_number: 'This is not a phone number.',
  no_country: 'The country code is missing. Begin with a plus sign and the country code, such as +254.',
  unknown_country: 'No country has this code. Check the digits after the plus sign.',
  too_short: 'This number is too short.',
  too_long: 'This number is too long.',
} as const

const lengthProblems = {
  NOT_A_NUMBER: 'not_a_number',
  INVALID_COUNTRY: 'unknown_country',
  TOO_SHORT: 'too_short',
  TOO_LONG: 'too_long',
  // between two possible lengths
  INVALID_LENGTH: 'too_short',
} as const

/**
 * Reads a number as people type it: `+254 712 345678`, `00254712345678`, `254712345678`, and `0712 345678` when the country is known, with
 * the digits of any script. Only the form is judged, never the numbering plan: plans change, and a real number must not be refused.
 *
 * @param country where bare digits are a number, unless only the number of another country can be meant
 */
export function readPhoneNumber(typed: string, country?: CountryCode): PhoneNumber | PhoneNumberProblem {
  const text = withLatinDigits(typed).trim()
  if (text === '') return problemOf('empty')
  const digits = text.replace(/\D/g, '')
  if (foreignSigns.test(text) || digits === '') return problemOf('not_a_number')
  if (text.includes('+') || digits.startsWith('00')) return readInternational(digits.replace(/^00/, ''))
  if (country !== undefined) return readNational(digits, country)
  const number = digits.startsWith('0') ? problemOf('no_country') : readInternational(digits)
  // without a plus sign nobody has said that it begins with a country's code
  return 'problem' in number && number.problem === 'unknown_country' ? problemOf('no_country') : number
}

/** Every decimal digit as 0 to 9, and wide signs as plain ones. */
export function withLatinDigits(text: string): string {
  return text.normalize('NFKC').replace(/\p{Nd}/gu, valueOf)
}

/** Unicode keeps the ten digits of a script together, in their order, and each such row apart from the next once NFKC is done. */
function valueOf(digit: string): string {
  const point = digit.codePointAt(0) ?? 0
  let zero = point
  while (/^\p{Nd}$/u.test(String.fromCodePoint(zero - 1))) zero -= 1
  return String((point - zero) % 10)
}

/** Signs that no number is written with; marks of the direction of writing come along when one is copied. */
const foreignSigns = /[^\d\s+().\-/\u2010-\u2015\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/

function readInternational(digits: string): PhoneNumber | PhoneNumberProblem {
  // Mexico's mobile numbers had a 1 before them until 2019, and are still written so
  const international = `+${digits.replace(/^521(?=\d{10}$)/, '52')}`
  const wrong = validatePhoneNumberLength(international)
  return wrong === undefined ? numberOf(parsePhoneNumberFromString(international)) : problemOf(lengthProblems[wrong])
}

/**
 * A number of the country if it can be one. The country may be a guess, so digits that are no number there and are one with a country code
 * of their own are read so; but then in a country's plan too, for a mistake must not become somebody else's number.
 */
function readNational(digits: string, country: CountryCode): PhoneNumber | PhoneNumberProblem {
  const wrong = validatePhoneNumberLength(digits, country)
  const here = wrong === undefined ? parsePhoneNumberFromString(digits, country) : undefined
  if (here?.isValid() === true) return numberOf(here)
  const abroad = readInternational(digits)
  if (!('problem' in abroad) && parsePhoneNumberFromString(`+${abroad.digits}`)?.isValid() === true) return abroad
  if (wrong === undefined) return numberOf(here)
  const problem = problemOf(lengthProblems[wrong])
  if (problem.problem !== 'too_long' || digits.startsWith('0')) return problem
  return { ...problem, message: `${problem.message} If it begins with a country code, put a plus sign before it.` }
}

function numberOf(number: ParsedNumber | undefined): PhoneNumber | PhoneNumberProblem {
  if (number === undefined) return problemOf('not_a_number')
  const { country } = number
  return {
    digits: number.number.slice(1),
    international: number.formatInternational(),
    ...(country !== undefined && { country }),
  }
}

function problemOf(problem: PhoneNumberProblem['problem']): PhoneNumberProblem {
  return { problem, message: problems[problem] }
}
