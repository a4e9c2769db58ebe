import { expect, test } from 'vitest'
import { jidOf, parseJid } from './jid.js'

const person = { phoneNumber: '49151000001', lidUser: '123456789012345' }

test('a JID names a person or one of their devices, in either family', () => {
  expect(jidOf(person, 'pn')).toBe('49151000001@s.whatsapp.net')
  expect(jidOf(person, 'lid', 3)).toBe('123456789012345:3@lid')
  expect(parseJid('49151000001:3@s.whatsapp.net')).toEqual({ user: '49151000001', device: 3, family: 'pn' })
  expect(parseJid('123456789012345@lid')).toEqual({ user: '123456789012345', device: 0, family: 'lid' })
  expect(parseJid('49151000001@c.us')?.family).toBe('pn')
})

test.each(['@s.whatsapp.net', 's.whatsapp.net', '1-2@g.us', 'status@broadcast', '', undefined])(
  '%s names no person',
  jid => {
    expect(parseJid(jid)).toBeUndefined()
  },
)
