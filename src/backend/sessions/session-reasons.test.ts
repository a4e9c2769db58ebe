import { expect, test } from 'vitest'
import { sessionReason } from './session-reasons.js'

test('a code has its sentence and its next step; what is none of a session’s has none', () => {
  expect(sessionReason('bot_still_running')).toEqual({
    code: 'bot_still_running',
    message: expect.stringMatching(/logged in again/) as string,
    action: expect.stringMatching(/^Stop the bot/) as string,
  })
  for (const code of [null, 'superseded_older', 'toString', '']) expect(sessionReason(code)).toBeNull()
})
