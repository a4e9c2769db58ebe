import { expect, test } from 'vitest'
import { DatabaseUnavailableError } from '../database/database-errors.js'
import type { InboundMessage } from '../engine/engine.js'
import { Hearing } from './hearing.js'

const message = (waMessageId: string): InboundMessage => ({
  waMessageId,
  chat: '254700000001@s.whatsapp.net',
  author: '254700000001@s.whatsapp.net',
  fromMe: true,
  timestamp: 1,
  pushName: null,
  content: { kind: 'text', text: '.menu' },
})

/** A session that hears, whose database is away or there. */
function hearing() {
  const stopping = new AbortController()
  const state = { away: false, done: [] as string[], failures: 0, passes: 0 }
  let release = () => {}
  const gate = { open: Promise.resolve() }
  const store = async (what: string) => {
    await gate.open
    if (state.away) throw new DatabaseUnavailableError('57P01')
    state.done.push(what)
  }
  const heard = new Hearing({
    onMessage: ({ waMessageId }) => store(waMessageId),
    onMissed: () => {
      state.passes++
      return store('all')
    },
    onFailure: () => void state.failures++,
    signal: stopping.signal,
  })
  return {
    heard,
    state,
    stop: () => stopping.abort(),
    hold: () => {
      gate.open = new Promise(resolve => (release = resolve))
    },
    release: () => release(),
  }
}

test('messages are handled in order; one that could not be stored is gone through again when the database is back', async () => {
  const { heard, state } = hearing()
  heard.hear(message('1'))
  await expect.poll(() => state.done).toEqual(['1'])
  state.away = true
  heard.hear(message('2'))
  await expect.poll(() => state.passes).toBeGreaterThan(0)
  expect(state).toMatchObject({ done: ['1'], failures: 1 })
  state.away = false
  heard.hear(message('3'))
  await expect.poll(() => state.done, { timeout: 5_000 }).toEqual(['1', '3', 'all'])
  await heard.ended()
})

test('a flood does not pile up: what does not fit is gone through from where it is stored', async () => {
  const { heard, state, hold, release } = hearing()
  hold()
  for (let i = 0; i < 1_000; i++) heard.hear(message(String(i)))
  release()
  await expect.poll(() => state.passes).toBe(1)
  await heard.ended()
  expect(state.done).toHaveLength(201)
  expect(state.done.slice(-2)).toEqual(['199', 'all'])
})

test('with the session the trying ends', async () => {
  const { heard, state, stop } = hearing()
  state.away = true
  heard.hear(message('1'))
  await expect.poll(() => state.passes).toBeGreaterThan(0)
  stop()
  await heard.ended()
  const { passes } = state
  heard.hear(message('2'))
  heard.catchUp()
  await heard.ended()
  expect(state).toMatchObject({ passes, done: [] })
})
