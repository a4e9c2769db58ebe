import { expect, test } from 'vitest'
import { requireGoodPassword } from './password-rules.js'

const about = ['margaret.hamilton@example.com', 'Margaret Hamilton']

test.each([
  ['too short', 'a1!b2?c3', 'must have 10 characters at least'],
  ['one sign over and over', 'aaaaaaaaaaaaaaaa', 'repeats a few characters only'],
  ['a few signs', 'abababababab', 'repeats a few characters only'],
  ['the alphabet', 'abcdefghijkl', 'counts up or down'],
  ['the alphabet from its end', 'zyxwvutsrqp', 'counts up or down'],
  ['the digits', '1234567890', 'is a number only'],
  ['a date, twice', '1987061219870612', 'is a number only'],
  ['a well-known one', 'passwordpassword', 'is one that many people use'],
  ['one with a year behind it', 'Password2026!', 'is one that many people use'],
  ['one with digits for letters', 'P@ssw0rd1234', 'is one that many people use'],
  ['a row of keys', 'qwertyuiop', 'is one that many people use'],
  ['the name', 'margarethamilton', 'is your name or address'],
  ['the address', 'Margaret.Hamilton@example.com', 'is your name or address'],
  ['the name with a year', 'MargaretHamilton1969', 'is your name or address'],
])('%s is refused, and told why', (_, password, message) => {
  expect(() => requireGoodPassword(password, about, 'new')).toThrow(
    expect.objectContaining({ code: 'weak_password', status: 400, fields: [{ path: 'new', message }] }),
  )
})

test.each([
  'teapot under the moon',
  'correct horse battery',
  'kp3-XQ.91vz',
  'ποτάμι στο φεγγάρι',
  '🐎🔋📎🪴🫖🌙🚪🧭🪵🧵',
])('%s is taken', password => {
  expect(() => requireGoodPassword(password, about)).not.toThrow()
})
