import { expect, test } from 'vitest'
import { runBy } from './run-by.js'

const because = (code: string) => ({ code, message: '', action: '' })

test.each(['logged_out', 'banned', 'expired', 'superseded'] as const)(
  'a session that is %s is run by nobody',
  state => {
    expect(runBy({ state, mode: 'managed', reason: null })).toBe('nobody')
    expect(runBy({ state, mode: 'handed_off', reason: null })).toBe('nobody')
  },
)

test('nor is one that somebody has stopped', () => {
  expect(runBy({ state: 'disconnected', mode: 'managed', reason: because('stopped') })).toBe('nobody')
})

test('others are run by the gateway, or by the bot that has them', () => {
  expect(runBy({ state: 'connected', mode: 'managed', reason: null })).toBe('this gateway')
  expect(runBy({ state: 'reconnecting', mode: 'managed', reason: because('line_lost') })).toBe('this gateway')
  expect(runBy({ state: 'handed_off', mode: 'handed_off', reason: because('given_away') })).toBe('a bot')
})
