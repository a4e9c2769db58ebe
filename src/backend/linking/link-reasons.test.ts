import { describe, expect, test } from 'vitest'
import { linkReason, linkReasons } from './link-reasons.js'

/** Words of people who build this, and claims about what this server cannot know. */
const jargon =
  /socket|client|server error|HTTP|JSON|database|credential|node\b|timeout|stream|handshake|API|null|undefined/i
const claims =
  /not on WhatsApp|has no WhatsApp|does not exist|wrong code\b|code was wrong|nobody (scanned|typed)|No phone scanned/i

describe.each(linkReasons)('%s', code => {
  const { message = '', action = '' } = linkReason(code) ?? {}

  test('says in whole sentences what happened, and what to do', () => {
    for (const text of [message, action]) expect(text).toMatch(/^[A-Z][^\n]*\.$/)
  })

  test('is in words that people use, and claims no more than is known', () => {
    for (const text of [message, action]) {
      expect(text).not.toMatch(jargon)
      expect(text).not.toMatch(claims)
    }
  })
})

test('an unknown code has no words', () => {
  for (const code of [null, 'nonsense', 'constructor', '__proto__']) expect(linkReason(code)).toBeNull()
})
