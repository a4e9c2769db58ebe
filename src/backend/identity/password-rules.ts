import { SHORTEST_PASSWORD } from '../../contract/people.js'
import { lettersFor } from '../config/lookalikes.js'
import { GatewayError } from '../errors.js'

/** What the lists of leaked passwords begin with. Compared without case, without what was put behind it, and with letters for lookalikes. */
const wellKnown = new Set(
  (
    'password passwordpassword passw0rd qwertyuiop qwerty qwertyqwerty asdfghjkl zxcvbnm iloveyou iloveyouforever letmein letmeinplease ' +
    'welcome welcomewelcome administrator admin adminadmin changeme changemeplease monkey dragon sunshine princess football baseball ' +
    'superman batman trustnoone whatever starwars whizlite whatsapp secret topsecret mypassword thisismypassword abcdefghij abcdefghijklmnop'
  ).split(' '),
)

const fewestSigns = 5

/**
 * Refuses a new password that is guessed at once. Length counts, kinds of signs do not (NIST SP 800-63B, 5.1.1.2).
 * @param about what others know of the person: nothing of it makes a password
 * @param field its name in the request
 * @throws GatewayError `weak_password`
 */
export function requireGoodPassword(password: string, about: readonly string[], field = 'password'): void {
  const problem = problemOf(password.normalize('NFC'), about)
  if (problem === null) return
  throw new GatewayError({
    code: 'weak_password',
    status: 400,
    message: 'This password would be guessed too easily.',
    action: 'Choose a longer one that nobody else uses; a few words that do not belong together are good.',
    fields: [{ path: field, message: problem }],
  })
}

function problemOf(password: string, about: readonly string[]): string | null {
  const signs = Array.from(password)
  if (signs.length < SHORTEST_PASSWORD) return `must have ${SHORTEST_PASSWORD} characters at least`
  if (new Set(signs.map(sign => sign.toLowerCase())).size < fewestSigns) return 'repeats a few characters only'
  if (isCounted(signs)) return 'counts up or down'
  if (/^\d+$/.test(password)) return 'is a number only'
  const bare = bareOf(password)
  if (wellKnown.has(bare)) return 'is one that many people use'
  const known = about.flatMap(text => [text, text.split('@', 1)[0] ?? '']).map(bareOf)
  if (known.some(text => text.length >= 4 && bare === text)) return 'is your name or address'
  return null
}

/** What is left without the tail of digits and signs that people add, and with the letters that others stand for. */
function bareOf(text: string): string {
  const stem = text.toLowerCase().replace(/[^\p{L}]+$/u, '')
  return lettersFor(stem).replaceAll(/[^\p{L}\p{N}]/gu, '')
}

function isCounted(signs: readonly string[]): boolean {
  const steps = signs.slice(1).map((sign, at) => (sign.codePointAt(0) ?? 0) - (signs[at]?.codePointAt(0) ?? 0))
  return steps.every(step => step === 1) || steps.every(step => step === -1)
}
