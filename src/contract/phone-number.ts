import { parsePhoneNumberFromString, validatePhoneNumberLength, type CountryCode } from 'libphonenumber-js/min'

export type { CountryCode }

/** Digits with the country code, as WhatsApp names an account; `international` is the same number as people write it. */
export type PhoneNumber = { digits: string; international: string }

/** Why a number cannot be meant, told before anything is sent. Says nothing about whether it is on WhatsApp. */
export type PhoneNumberProblem = {
  problem: 'empty' | 'not_a_number' | 'no_country' | 'too_short' | 'too_long'
  message: string
}

const problems = {
  empty: 'Type the number of the phone whose WhatsApp you want to link.',
  not_a_number: 'This is not a phone number.',
  no_country: 'The country code is missing. Begin with a plus sign and the country code, such as +254.',
  too_short: 'This number is too short.',
  too_long: 'This number is too long.',
} as const

const lengthProblems = {
  NOT_A_NUMBER: 'not_a_number',
  INVALID_COUNTRY: 'no_country',
  TOO_SHORT: 'too_short',
  TOO_LONG: 'too_long',
  // between two possible lengths
  INVALID_LENGTH: 'too_short',
} as const

/**
 * Reads a number as people type it: `+254 712 345678`, `00254712345678`, `254712345678`, and `0712 345678` when the country is known.
 * Only the form is judged, never the numbering plan: plans change, and a real number must not be refused.
 */
export function readPhoneNumber(typed: string, country?: CountryCode): PhoneNumber | PhoneNumberProblem {
  const text = typed.normalize('NFKC').trim()
  if (text === '') return problemOf('empty')
  const digits = text.replace(/\D/g, '')
  if (/[^\d\s+().\-/\u2010-\u2015\u200e\u200f\u202a-\u202e]/.test(text) || digits === '')
    return problemOf('not_a_number')
  // with a country given, bare digits are a number of that country
  const written = text.includes('+') || (country === undefined && !digits.startsWith('0')) ? `+${digits}` : digits
  const international = digits.startsWith('00') ? `+${digits.slice(2)}` : written
  const home = international.startsWith('+') ? undefined : country
  if (!international.startsWith('+') && home === undefined) return problemOf('no_country')
  const wrong = validatePhoneNumberLength(international, home)
  if (wrong !== undefined) return problemOf(lengthProblems[wrong])
  const number = parsePhoneNumberFromString(international, home)
  if (number === undefined) return problemOf('not_a_number')
  return { digits: number.number.slice(1), international: number.formatInternational() }
}

function problemOf(problem: PhoneNumberProblem['problem']): PhoneNumberProblem {
  return { problem, message: problems[problem] }
}
