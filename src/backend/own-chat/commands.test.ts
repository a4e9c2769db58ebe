import { expect, test } from 'vitest'
import type { InboundMessage } from '../engine/engine.js'
import { commandOf } from './commands.js'

const own = (text: string): InboundMessage => ({
  waMessageId: '3EB0',
  chat: '254700000001@s.whatsapp.net',
  author: '254700000001@s.whatsapp.net',
  fromMe: true,
  timestamp: 1,
  pushName: null,
  content: { kind: 'text', text },
})

test.each([
  ['.menu', 'menu'],
  ['  .MENU\n', 'menu'],
  ['.Status', 'status'],
  ['.disconnect', 'disconnect'],
  ['menu', null],
  ['.menu please', null],
  ['..menu', null],
  ['. menu', null],
  ['', null],
  ['.', null],
  ['.toString', null],
])('%j is the command %j', (text, command) => {
  expect(commandOf(own(text))).toBe(command)
})

test('what others write, and what is no text, is no command', () => {
  expect(commandOf({ ...own('.menu'), fromMe: false })).toBeNull()
  expect(commandOf({ ...own('.menu'), content: { kind: 'undecryptable' } })).toBeNull()
})
