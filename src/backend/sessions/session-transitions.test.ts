import { expect, test } from 'vitest'
import { SessionState } from '../../contract/sessions.js'
import { mayMove, transitions } from './session-transitions.js'

const states = SessionState.options

test('there is a way from every state to connected', () => {
  for (const from of states) {
    const reached = new Set<SessionState>([from])
    for (const state of reached) for (const next of transitions[state]) reached.add(next)
    expect(reached, from).toContain('connected')
  }
})

test('what only a decision ends begins again with connecting', () => {
  for (const from of ['handed_off', 'logged_out', 'banned', 'expired', 'superseded'] as const)
    for (const to of ['connected', 'reconnecting', 'disconnected'] as const) expect(mayMove(from, to)).toBe(false)
})

test('a connected session never expires, and one that rests loses no line', () => {
  expect(mayMove('connected', 'expired')).toBe(false)
  expect(states.filter(from => mayMove(from, 'reconnecting'))).toEqual(['connecting', 'connected', 'reconnecting'])
})
